"""Places: types from the pack, credit codes, closing and opening."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.access.actor import SYSTEM
from tongchou.areas.models import Area
from tongchou.ledger import registry, write
from tongchou.places import types, uscc
from tongchou.places.actions.place import close_place, reopen_place
from tongchou.places.errors import PlacesError
from tongchou.places.models import Place
from tongchou.refusal import Refusal


def test_the_pack_has_the_types_that_the_rules_speak_of():
    found = types.place_types()
    assert {
        "compound", "market", "supermarket", "school", "clinic", "hospital", "isolation_site", "factory", "construction_site",
        "hazard_point", "checkpoint", "care_home", "welfare", "prison", "psychiatric", "hotel", "restaurant", "gym",
    } <= set(found)  # fmt: skip
    closed = {key for key, kind in found.items() if kind.closed_institution}
    assert closed == {"care_home", "welfare", "shelter", "prison", "psychiatric"}  # domain-rules.md section 3.5
    with pytest.raises(PlacesError) as refused:
        types.get("castle")
    assert "castle" in refused.value.en and "supermarket" in refused.value.zh


def test_a_city_s_pack_is_held_to_its_form(tmp_path: Path):
    pack = tmp_path / "place_types.toml"
    pack.write_text('[ropeway]\nlabel_zh = "索道"\nlabel_en = "Ropeway"\nkind = "transport"\n', encoding="utf-8")
    assert types.read_pack(pack)["ropeway"].label_zh == "索道"
    for text in ('[x]\nlabel_zh = "某"\nkind = "transport"\n', '[x]\nlabel_zh = "某"\nlabel_en = "X"\nkind = "sky"\n', "[x\n"):
        pack.write_text(text, encoding="utf-8")
        with pytest.raises(PlacesError):
            types.read_pack(pack)


def test_the_standard_s_example_code_passes():
    """shared/domain-rules.md section 11 checked this code."""
    assert uscc.read(" 91350100m000100y43 ") == "91350100M000100Y43"


@pytest.mark.parametrize(
    ("text", "code"),
    [("91350100M000100Y44", "uscc_check"), ("91350100I000100Y43", "uscc_characters"), ("91350100M000100Y4", "uscc_length")],
)
def test_a_wrong_code_is_refused(text: str, code: str):
    with pytest.raises(PlacesError) as refused:
        uscc.read(text)
    assert refused.value.code == code


@settings(max_examples=40, deadline=None)
@given(st.text(alphabet=uscc.CHARACTERS, min_size=17, max_size=17), st.integers(0, 16), st.sampled_from(uscc.CHARACTERS))
def test_one_changed_character_never_passes(first: str, position: int, other: str):
    whole = first + uscc.check_character(first)
    assert uscc.read(whole) == whole
    changed = whole[:position] + other + whole[position + 1 :]
    if changed != whole:
        with pytest.raises(PlacesError):
            uscc.read(changed)


@pytest.fixture
def county(db) -> str:
    Area.objects.create(
        code="510402000000", path="510402", parent_path="5104", name="东区", level="county", valid_from_on=date(2010, 1, 1)
    )
    return "510402"


def add(**raw) -> Place:
    ledger = registry.get("place")
    values = write.clean_row(ledger, {"name": "示例超市", "type_key": "supermarket", **raw}, SYSTEM)
    return write.create_rows(ledger, [values], by=SYSTEM)[0]


def test_a_place_is_added_closed_and_opened(county: str):
    place = add(area_path=county, opened_on="2020-01-01")
    assert place.place_no.startswith("L")
    closed = close_place(place=place, on=date(2020, 2, 1), by=SYSTEM)
    assert closed.closed_on == date(2020, 2, 1)
    with pytest.raises(PlacesError):
        close_place(place=place, by=SYSTEM)
    assert reopen_place(place=place, by=SYSTEM).closed_on is None
    with pytest.raises(PlacesError) as refused:
        close_place(place=place, on=date(2019, 1, 1), by=SYSTEM)
    assert refused.value.code == "place_days"


@pytest.mark.parametrize(
    "raw", [{"type_key": "castle"}, {"area_m2": "-3"}, {"capacity": "-1"}, {"operator_uscc": "91350100M000100Y44"}]
)
def test_a_wrong_place_is_refused(county: str, raw):
    with pytest.raises(Refusal):
        add(area_path=county, **raw)
    assert Place.objects.count() == 0
