"""Codes, paths and ranges, by hand and by chance."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou import areas
from tongchou.areas import BadCode

HAND = [
    ("510000000000", "51", "province", ""),
    ("510400000000", "5104", "city", "51"),
    ("510402000000", "510402", "county", "5104"),
    ("510402001000", "510402001", "township", "510402"),
    ("510402001004", "510402001004", "village", "510402001"),
    ("510402001004007", "510402001004007", "grid", "510402001004"),
    ("510402", "510402", "county", "5104"),
    ("441900003000", "441900003", "township", "4419"),  # Dongguan: townships straight under the city
    ("510402000007", "510402000007", "village", "510402"),
]


@pytest.mark.parametrize(("code", "path", "level", "parent"), HAND)
def test_a_code_says_its_level_and_its_parent(code, path, level, parent):
    assert areas.path_of(code) == path
    assert areas.level_of(path) == level
    assert areas.parent_of(path) == parent
    assert areas.path_of(areas.code_of(path)) == path


@pytest.mark.parametrize(
    ("code", "case"),
    [
        ("51040200100", "code_length"),
        ("5104O2001004", "code_not_digits"),
        ("", "code_not_digits"),
        ("５１０４０２", "code_not_digits"),
        ("990402001004", "code_province"),
        ("000000000000", "code_province"),
    ],
)
def test_an_impossible_code_is_refused_in_both_languages(code, case):
    with pytest.raises(BadCode) as caught:
        areas.path_of(code)
    assert caught.value.code == case
    assert any("\u4e00" <= letter <= "\u9fff" for letter in caught.value.zh)
    assert caught.value.en.isascii() or code in caught.value.en


def test_the_range_of_a_county_holds_its_villages_and_not_its_neighbours():
    low, high = areas.subtree("510402")
    assert (low, high) == ("510402", "510403")
    inside = ["510402", "510402001", "510402999", "510402001004", "510402999999999"]
    outside = ["51", "5104", "510401", "510401999999", "510403", "5105"]
    assert all(low <= path < high for path in inside)
    assert not any(low <= path < high for path in outside)
    assert areas.subtree("510499") == ("510499", "510500")


levels = st.sampled_from(["%02d", "%03d"])


@st.composite
def paths(draw):
    path = draw(st.sampled_from(["11", "51", "65"]))
    for width in (2, 2, 3, 3, 3)[: draw(st.integers(0, 5))]:
        path += str(draw(st.integers(1, 10**width - 1))).zfill(width)
    return path


@settings(max_examples=200)
@given(paths(), st.lists(paths(), max_size=20))
def test_a_range_selects_exactly_the_area_and_what_is_below_it(path, others):
    low, high = areas.subtree(path)
    below = path + ("11" if len(path) < 6 else "001") if len(path) < 15 else path
    for other in [*others, path, below, *areas.ancestors(path)]:
        assert (low <= other < high) == other.startswith(path)
        assert (path == other or path in areas.ancestors(other)) == other.startswith(path)
