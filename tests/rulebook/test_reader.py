"""The reader on the shipped packs: which row wins, on which day, and what it says."""

from __future__ import annotations

from datetime import date

import pytest

from tongchou import rulebook
from tongchou.rulebook.reader import Book
from tongchou.rulebook.rows import area_path


def test_province_beats_nation_and_names_it(book: Book):
    answer = book.at(date(2020, 2, 28), area="510402").get("zone.level")
    assert answer.version == "zone.sichuan.2020-02-13"
    assert [beaten.version for beaten in answer.beaten] == ["zone.national.2020-02-17"]
    assert "地区更具体（51 对 全国）" in answer.why("zh")
    assert "its area is more specific (51 against the whole country)" in answer.why("en")


def test_city_beats_province(book: Book):
    answer = book.at(date(2020, 3, 24), area="440604").get("zone.city_tier")
    assert answer.value["strict"] is True
    assert [beaten.version for beaten in answer.beaten] == ["zone.city_tier@44@2020-02-24"]


def test_nation_answers_where_no_province_has_a_row(book: Book):
    answer = book.at(date(2020, 3, 1), area="370800").get("zone.level")
    assert answer.version == "zone.national.2020-02-17"
    assert answer.value["high"] == {"all": [{"cum": {"gt": 50}}, {"clusters_14d": {"ge": 1}}]}
    assert answer.beaten == ()


def test_certificate_of_25_february_holds_3_days_and_of_26_february_14(book: Book):
    days = {day: book.at(day, area="5104").get("cert.migrant.validity_days").value["days"] for day in (date(2020, 2, 25), date(2020, 2, 26))}
    assert days == {date(2020, 2, 25): 3, date(2020, 2, 26): 14}


def test_another_name_brings_its_area(book: Book):
    answer = book.at(date(2020, 2, 26)).get("cert.sichuan.migrant.validity_days")
    assert (answer.rule_id, answer.value["days"]) == ("cert.migrant.validity_days", 14)


def test_contact_window_of_versions_3_4_and_9(book: Book):
    def window(day: date) -> tuple[int, str, str]:
        value = book.at(day).get("contact.window").value
        return value["days_before"], value["anchor"], value.get("screened", "")

    assert window(date(2020, 2, 5)) == (0, "onset", "")
    assert window(date(2020, 2, 6)) == (2, "onset_or_sampling", "")
    assert window(date(2022, 7, 1)) == (2, "onset_or_sampling", "since_last_negative")


def test_a_cluster_is_2_cases_to_version_6_and_5_from_version_7(book: Book):
    assert book.at(date(2020, 9, 14)).get("cluster.min_cases").value["min_cases"] == 2
    assert book.at(date(2020, 9, 15)).get("cluster.min_cases").value["min_cases"] == 5


def test_response_level_on_the_last_day_and_the_day_after(book: Book):
    levels = [book.at(date(2020, 2, day), area="510402").get("response.level").value["level"] for day in (25, 26)]
    assert levels == ["I", "II"]


def test_sector_answers_only_where_it_is_asked(book: Book):
    asked = book.at(date(2020, 3, 1), sector="retail").get("firm.above_threshold")
    assert asked.value["revenue_min_million_yuan"] == 5
    with pytest.raises(rulebook.NoRule):
        book.at(date(2020, 3, 1)).get("firm.above_threshold")


def test_not_found_answers_none_and_says_so(book: Book):
    for rule_id, area in (("zone.level", "510400000000"), ("price.markup_lead", "51"), ("jining.five_all", "370800")):
        answer = book.at(date(2020, 2, 10), area=area).get(rule_id)
        assert answer.value is None
        assert not answer.found
        assert "未找到，须由本市填写" in answer.why("zh")
        assert "not found: the city must enter it" in answer.why("en")


def test_what_was_known_on_a_past_day(book: Book):
    later = date(2020, 2, 10)
    assert book.at(later).get("contact.window").version == "contact.window.v4"
    assert book.at(later, known_on=date(2020, 2, 5)).get("contact.window").version == "contact.window.v2"
    with pytest.raises(rulebook.NoRule):
        book.at(date(2020, 2, 17), area="37", known_on=date(2020, 2, 17)).get("zone.level")
    assert book.at(date(2020, 2, 17), area="37", known_on=date(2020, 2, 18)).get("zone.level").found


def test_unknown_id_names_near_ones(book: Book):
    with pytest.raises(rulebook.NoRule) as caught:
        book.at(date(2020, 2, 10)).get("zone.levl")
    assert "zone.level" in caught.value.zh
    assert "zone.level" in caught.value.en


def test_day_before_the_first_version_says_when_it_starts(book: Book):
    with pytest.raises(rulebook.NoRule) as caught:
        book.at(date(2020, 2, 1), area="5104").get("zone.level")
    assert "2020-02-06" in caught.value.en
    assert "2020-02-06" in caught.value.zh


def test_a_rule_of_another_area_says_where_it_is(book: Book):
    with pytest.raises(rulebook.NoRule) as caught:
        book.at(date(2020, 3, 1), area="5104").get("jining.five_all")
    assert "3708" in caught.value.zh
    assert "3708" in caught.value.en


def test_an_answer_cannot_spoil_the_book(book: Book):
    book.at(date(2020, 2, 14)).get("clock.case_report").value["limit_minutes"] = 1
    assert book.at(date(2020, 2, 14)).get("clock.case_report").value["limit_minutes"] == 120


def test_find_gives_the_winner_of_each_id(book: Book):
    found = book.at(date(2020, 2, 28), area="510402").find("zone.")
    ids = [answer.rule_id for answer in found]
    assert len(ids) == len(set(ids))
    assert {"zone.level", "zone.review", "zone.measures.low", "zone.unit"} <= set(ids)
    assert next(answer for answer in found if answer.rule_id == "zone.level").version == "zone.sichuan.2020-02-13"


@pytest.mark.parametrize(
    ("text", "path"),
    [("510402000000", "510402"), ("510400", "5104"), ("51", "51"), ("", ""), ("510402001003", "510402001003"), ("441900003000", "441900003")],
)
def test_area_is_read_as_path_or_code(text: str, path: str):
    assert area_path(text) == path


@pytest.mark.parametrize("text", ["5", "51040", "五一", "000000", "510402 001"])
def test_an_area_that_is_no_code_is_refused_in_both_languages(text: str):
    with pytest.raises(rulebook.RuleError) as caught:
        area_path(text)
    assert "区划" in caught.value.zh
    assert "area" in caught.value.en


def test_the_door_reads_the_packs_without_own_rows(db):
    answer = rulebook.at(date(2020, 2, 14), area="510402").get("clock.case_report")
    assert answer.value["limit_minutes"] == 120
    assert answer.source == ("S10", "S12")
