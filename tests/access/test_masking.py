"""How masked values look, and that the mask never lets the hidden part through."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.access import masking
from tongchou.access.permissions import Right


@pytest.mark.parametrize(
    ("text", "kind", "name", "shown"),
    [
        ("张三丰", "text", "name", "张**"),
        ("欧阳明月", "text", "person__name", "欧**"),
        ("510402198001011234", "id_no", "id_no", "510402********1234"),
        ("AB1234567", "id_no", "id_no", "A****"),
        ("13812345678", "phone", "phone", "138****5678"),
        ("0812-3333333", "phone", "phone", "081****3333"),
        ("四川省攀枝花市东区炳草岗街道竹湖园社区竹湖路1号101", "address", "address", "四川省攀枝花市东区炳草岗街道竹湖园社区****"),
        ("河口街道滨江路 8 号", "address", "address", "河口街道****"),
        ("滨江路 8 号", "address", "address", "滨江路****"),
        ("510402198001011234|张三", "ref", "person", "510402********1234|张**"),
        ("高血压病史", "long", "history", "****"),
        ("", "phone", "phone", ""),
        ("2020-02-14", "date", "onset_on", "2020-02-14"),
        ("一村", "text", "village", "一村"),
    ],
)
def test_form(text, kind, name, shown):
    assert masking.show(text, kind, name) == shown


def test_a_checkpoint_sees_the_surname_and_the_last_two(cast):
    right = Right("M", show="last2")
    assert masking.show("510402198001011234", "id_no", "id_no", right) == "****34"
    assert masking.show("张三", "text", "name", right) == "张**"


@given(st.from_regex(r"5104\d{13}[\dX]", fullmatch=True))
@settings(max_examples=60)
def test_birth_and_sequence_of_an_id_number_never_show(number):
    shown = masking.show(number, "id_no")
    assert len(shown) == len(number)
    assert shown[6:14] == "********"


@given(st.text(min_size=2, max_size=30).filter(str.strip))
@settings(max_examples=60)
def test_only_the_first_sign_of_a_name_shows(name):
    assert masking.show(name, "text", "name") == name.strip()[:1] + "**"
