"""The reader on the shipped packs: which row wins, on which day, and what it says."""

from datetime import date

import pytest

from tongchou import rulebook
from tongchou.rulebook import packs
from tongchou.rulebook.reader import Book


@pytest.fixture(scope="module")
def book() -> Book:
    return Book(packs.shipped())


def test_province_beats_nation_and_names_it(book: Book) -> None:
    answer = book.at(date(2020, 2, 28), area="510402").get("zone.level")
    assert answer.version == "zone.sichuan.2020-02-13"
    assert [beaten.version for beaten in answer.beaten] == ["zone.national.2020-02-17"]
    assert "地区更具体（51 对 全国）" in answer.why("zh")
    assert "its area is more specific (51 against the whole country)" in answer.why("en")


def test_city_beats_province(book: Book) -> None:
    answer = book.at(date(2020, 3, 24), area="440604").get("zone.city_tier")
    assert answer.value["strict"] is True
    assert [beaten.version for beaten in answer.beaten] == ["zone.city_tier@44@2020-02-24"]


def test_not_found_answers_none_and_says_so(book: Book) -> None:
    answer = book.at(date(2020, 2, 10), area="510400000000").get("zone.level")
    assert answer.value is None
    assert not answer.found
    assert "未找到" in answer.why("zh")
    assert "not found" in answer.why("en")


def test_unknown_id_names_near_ones(book: Book) -> None:
    with pytest.raises(rulebook.NoRule) as caught:
        book.at(date(2020, 2, 10)).get("zone.levl")
    assert "zone.level" in caught.value.zh
    assert "zone.level" in caught.value.en


def test_day_before_the_first_version_says_when_it_starts(book: Book) -> None:
    with pytest.raises(rulebook.NoRule) as caught:
        book.at(date(2020, 2, 1), area="5104").get("zone.level")
    assert "2020-02-06" in caught.value.en
    assert "2020-02-06" in caught.value.zh


@pytest.mark.django_db
def test_the_door_reads_the_packs_without_own_rows() -> None:
    answer = rulebook.at(date(2020, 2, 14), area="510402").get("clock.case_report")
    assert answer.value["limit_minutes"] == 120
    assert answer.source == ("S10", "S12")
