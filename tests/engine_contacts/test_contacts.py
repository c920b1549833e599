"""What goes beyond the plain definition: weights and certainty, exclusions, sources, reasons, windows, parts, faults."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone

import numpy as np
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.engine import contacts
from tongchou.engine.contacts import (
    CaseDates,
    CertaintyRule,
    ContactError,
    Contacts,
    Exclusions,
    PlaceModifiers,
    VisitIndex,
    Visits,
    Window,
    build_index,
    find_contacts,
    find_contacts_in_turn,
    find_sources,
    infection_window,
    many,  # the module
    read_window_rule,
    window_of_rule,
)
from tongchou.engine.contacts.numbering import Numbering
from tongchou.engine.contacts.records import FAR_AHEAD
from tongchou.engine.contacts.words import WORDS, words_of
from tongchou.reason import Reason

DAY = 86_400
#: 1 meets 2 for 15 minutes at 5 and for 30 minutes at 6; 2 meets 3 afterwards at 7 for 15 minutes, 4 before at 8.
TOWN = Visits(
    person=[1, 2, 1, 2, 2, 3, 2, 4],
    place=[5, 5, 6, 6, 7, 7, 8, 8],
    start=[1000, 1000, 5000, 4000, 9000, 9000, 0, 0],
    end=[1900, 1900, 6800, 7000, 9900, 9900, 900, 900],
)
ALL = (0, DAY)


def pairs(found: Contacts) -> list[tuple[int, int, int]]:
    return list(zip(found.case.tolist(), found.contact.tolist(), found.generation.tolist(), strict=True))


def ask(**options) -> Contacts:
    return find_contacts(TOWN, [1], window=ALL, **options)


def test_the_columns_of_a_pair():
    found = ask(generations=2)
    assert pairs(found) == [(1, 2, 1), (1, 3, 2)]
    assert found.pair(0)[:7] == (1, 2, 900 + 1800, 2, 1000, 6800, 1)
    assert (found.places.tolist(), found.is_case.tolist()) == ([2, 1], [False, False])
    assert [pair.contact for pair in found] == [2, 3]
    assert (found.row_of(1, 3), found.rows_of(1).tolist(), found.rows_of(1, 2).tolist()) == (1, [0, 1], [1])
    with pytest.raises(ContactError, match="not on the list"):
        found.row_of(1, 9)


def test_certainty_is_a_half_at_the_half_time_and_doses_add():
    rule = CertaintyRule(half_s=900)
    assert rule.of([0, 900, 1800, 2700]).tolist() == pytest.approx([0, 0.5, 0.75, 0.875])
    found = ask(generations=2, certainty=rule)
    assert found.certainty[0] == pytest.approx(1 - 2**-3)
    # the second generation hangs on the first: 900 s with a person exposed with 7/8
    assert found.certainty[1] == pytest.approx(1 - 2 ** -(7 / 8))


def test_places_weigh_by_air_and_room():
    places = PlaceModifiers([5, 6, 7, 99], air_changes=[2, np.nan, 1, 1], area_m2=[50, np.nan, 25, 1], capacity=[np.nan, 200, np.nan, 1], area_per_person_m2=2)
    assert places.weights().tolist() == [0.5 * 2, 100 / 400, 4, 100]
    found = ask(generations=2, modifiers=places)
    assert pairs(found) == pairs(ask(generations=2)), "weights never change who is on the list"
    first = 1 - 2 ** -((900 * 1 + 1800 * 0.25) / 900)
    assert found.certainty[0] == pytest.approx(first, abs=1e-6)
    assert found.certainty[1] == pytest.approx(1 - 2 ** -(4 * round(first * 1024) / 1024), abs=1e-6)


@given(st.lists(st.tuples(st.integers(0, 4), st.integers(0, 2), st.integers(0, 9000), st.integers(0, 4000)), min_size=2, max_size=25), st.integers(0, 2))
@settings(max_examples=60, deadline=None)
def test_the_meetings_of_every_pair_add_up_to_it(rows: list[tuple[int, int, int, int]], least: int):
    visits = Visits(*(np.array(column) for column in zip(*((p, w, s, s + d) for p, w, s, d in rows), strict=True)))
    places = PlaceModifiers([0, 1], air_changes=[0.5, 3])
    for found in (
        find_contacts(visits, [0, 1], window=([0, 2000], [9000, 7000]), min_overlap_s=least, generations=2, modifiers=places),
        find_sources(visits, [0], window=(0, 8000), candidates=[1, 2, 9], candidate_window=([0, 3000, 0], 9000), min_overlap_s=least),
    ):
        for row, pair in enumerate(found):
            met = found.meetings_of(row)
            assert (len(met), int((met.end - met.start).sum())) == (pair.meetings, pair.overlap_s)
            assert (met.start.min(), met.end.max(), np.unique(met.place).size) == (pair.first, pair.last, pair.places)
            assert float(CertaintyRule().of(met.weighted_s.sum())) == pytest.approx(pair.certainty, abs=1e-5)


def test_exclusions_take_out_people_places_and_pairs_and_say_so():
    assert pairs(ask(generations=2, exclusions=Exclusions(persons=[2]))) == []
    assert ask(exclusions=Exclusions(persons=[2, 77])).dropped == {"persons": 1}
    assert pairs(ask(generations=2, exclusions=Exclusions(persons=[3]))) == [(1, 2, 1)]
    there = ask(exclusions=Exclusions(places=[5, 77]))
    assert (there.overlap_s.tolist(), there.meetings.tolist()) == ([1800], [1])
    apart = ask(generations=2, exclusions=Exclusions(pairs=[(2, 1)]))
    assert (pairs(apart), apart.dropped) == ([], {"pairs": 1})
    assert pairs(ask(generations=2, exclusions=Exclusions(pairs=[(3, 2), (1, 77)]))) == [(1, 2, 1)]


def test_sources_are_looked_for_within_both_windows():
    everyone = find_sources(TOWN, [2], window=(0, 3000))
    assert pairs(everyone) == [(2, 1, 1), (2, 4, 1)]
    known = find_sources(TOWN, [2], window=(0, 6000), candidates=[1, 99], candidate_window=([1300, 0], [5200, DAY]))
    assert known.pair(0)[:6] == (2, 1, 600 + 200, 2, 1300, 5200)
    assert known.meetings_of(0).start.tolist() == [1300, 5000]


def test_parts_laid_one_after_another_are_the_whole_answer():
    chance = np.random.default_rng(1)
    start = chance.integers(0, 5 * DAY, 3000)
    visits = build_index(Visits(chance.integers(0, 900, 3000), chance.integers(0, 90, 3000), start, start + chance.integers(0, 9000, 3000)))
    cases = np.arange(140, 70, -1)
    window = Window(np.arange(70) * 3000, np.arange(70) * 3000 + 3 * DAY)
    whole = find_contacts(visits, cases, window=window, generations=2)
    parts = list(find_contacts_in_turn(visits, cases, window=window, generations=2, at_once=9))
    assert (whole.generation == 2).sum() > 40 and len(parts) > 16
    for name in contacts.COLUMNS:
        assert np.array_equal(np.concatenate([getattr(part, name) for part in parts]), getattr(whole, name)), name
    late = next(part for part in parts if 2 in part.generation)
    assert len(late.meetings_of(0)) == late.meetings[0]
    one = find_contacts(visits, cases, window=window, generations=2, threads=1)
    assert all(np.array_equal(getattr(one, name), getattr(whole, name)) for name in contacts.COLUMNS)


def crowded_town(seed: int) -> VisitIndex:
    """Where one case's second generation is hundreds of people and some 40,000 encounters."""
    chance = np.random.default_rng(seed)
    start = chance.integers(0, DAY, 6000)
    return build_index(Visits(chance.integers(0, 2000, 6000), chance.integers(0, 90, 6000), start, start + chance.integers(0, 9000, 6000)))


@pytest.mark.parametrize("threads", [1, 3])
@pytest.mark.parametrize("held", [10**6, 0])
def test_many_encounters_are_summed_as_few_are(held: int, threads: int, monkeypatch: pytest.MonkeyPatch):
    visits = crowded_town(2)
    question = {"window": (0, DAY // 4), "generations": 2, "exclusions": Exclusions(pairs=[(7, 8), (5, 9)])}
    few = find_contacts(visits, [5], **question)
    looks = []
    look = many.ManySums._look
    monkeypatch.setattr(many.ManySums, "_look", lambda *given: looks.append(given) or look(*given))
    for name, value in {"HELD": held, "AT_ONCE": 64, "VISITS_A_TURN": 16, "BUCKETS_A_TURN": 3}.items():
        monkeypatch.setattr(many, name, value)
    monkeypatch.setattr("tongchou.engine.contacts.asking.FEW", 64)
    monkeypatch.setattr("tongchou.engine.contacts.asking.PEOPLE_A_TURN", 10)
    found = find_contacts(visits, [5], threads=threads, **question)
    assert (few.generation == 2).sum() > 20 and (len(looks) > 1) == (held == 0)
    assert all(np.array_equal(getattr(few, name), getattr(found, name)) for name in contacts.COLUMNS)
    one_of_two = find_contacts(visits, [5, 6], threads=threads, **question)
    monkeypatch.undo()
    again = find_contacts(visits, [5, 6], **question)
    assert all(np.array_equal(getattr(one_of_two, name), getattr(again, name)) for name in contacts.COLUMNS)


def test_numbers_that_came_later_are_found_like_the_others(monkeypatch: pytest.MonkeyPatch):
    """An index that has grown has its later people's codes behind the others', out of order."""
    visits = crowded_town(2)
    mixed = np.random.default_rng(4).permutation(len(visits.persons))
    grown = replace(visits, persons=Numbering(visits.persons.numbers[mixed]))
    case = grown.persons.numbers[visits.persons.codes([5])]
    monkeypatch.setattr("tongchou.engine.contacts.asking.FEW", 64)
    whole = [find_contacts(grown, case, window=(0, DAY // 4), generations=2)]
    monkeypatch.undo()
    whole.append(find_contacts(grown, case, window=(0, DAY // 4), generations=2))
    assert not grown.persons.is_sorted and (whole[0].generation == 2).sum() > 20
    assert all(np.array_equal(*(getattr(found, name) for found in whole)) for name in contacts.COLUMNS)
    assert (np.diff(whole[0].contact[whole[0].generation == 2]) > 0).all()


def test_cases_without_a_visit_are_named():
    found = find_contacts(TOWN, [1, 55, 2], window=ALL)
    assert found.unknown_cases.tolist() == [55]
    assert found.is_case.tolist() == [True, True, False, False]


def test_who_has_not_left_meets_who_comes():
    visits = Visits([1, 2], [5, 5], [0, 5 * DAY], [FAR_AHEAD, 5 * DAY + 100])
    assert find_contacts(visits, [2], window=(None, None)).overlap_s.tolist() == [100]


def test_wide_numbers_are_people_too():
    visits = Visits([2**62, -(2**62), 7], [-(2**61), -(2**61), -(2**61)], [0, 0, 0], [600, 600, 60])
    assert find_contacts(visits, [-(2**62)], window=ALL).contact.tolist() == [7, 2**62]


def test_instants_of_numpy_are_seconds():
    at = np.array(["2020-02-01T08:00", "2020-02-01T08:30"], "datetime64[m]")
    visits = Visits([1, 2], [5, 5], at, at + np.timedelta64(1, "h"))
    day = np.array(["2020-02-01", "2020-02-02"], "datetime64[D]")
    assert find_contacts(visits, [1], window=(day[:1], day[1:])).overlap_s.tolist() == [1800]


def test_instants_of_python_and_pandas_are_seconds_those_with_a_zone_of_utc():
    east = timezone(timedelta(hours=8))
    for zone in (None, east):
        came = [datetime(2020, 2, 1, 8, tzinfo=zone), datetime(2020, 2, 1, 8, 30, 0, 999_999, tzinfo=zone)]
        visits = Visits([1, 2], [5, 5], came, pd.Series(came) + pd.Timedelta("1h"))
        assert visits.start.tolist() == [int(one.replace(tzinfo=UTC).timestamp()) - (8 * 3600 if zone else 0) for one in came]
        found = find_contacts(visits, [1], window=(came[0], pd.Timestamp(came[1]) + pd.Timedelta("9min")))
        assert found.overlap_s.tolist() == [540]


def test_why_says_the_pair_and_its_longest_meetings():
    found = ask(generations=2, modifiers=PlaceModifiers([5], air_changes=[2]))
    codes = [reason.code for reason in found.why(0)]
    assert codes == ["contact.generation_1", "contact.meeting_weighted", "contact.meeting"]
    assert found.why(0)[1].values["weight"] == 0.5
    assert [reason.code for reason in found.why(0, most=1)][1:] == ["contact.meeting", "contact.more_meetings"]
    assert "2700" in words_of(found.why(0)[0], "zh") and "2700" in words_of(found.why(0)[0], "en")
    assert found.why(1)[1].values["met"] == 2
    assert found.why(1)[1].code == "contact.meeting_weighted"
    other = find_contacts(TOWN, [1, 2], window=ALL)
    assert [reason.code for reason in other.why(0)][1] == "contact.is_case"
    plain = Contacts.of({name: getattr(found, name) for name in contacts.COLUMNS}, [1])
    assert [reason.code for reason in plain.why(0)] == ["contact.generation_1"]
    with pytest.raises(ContactError, match="ask the index"):
        plain.meetings_of(0)


def test_every_reason_has_words_in_both_languages():
    values = dict.fromkeys(
        ["contact", "case", "meetings", "overlap_s", "places", "first", "last", "certainty_percent", "place", "met", "start", "end", "weight", "more",
         "anchor_on", "days_before", "ended_on"], "17",
    )  # fmt: skip
    for code in WORDS:
        zh, en = (words_of(Reason(code, values), lang) for lang in ("zh", "en"))
        assert zh != en and "{" not in zh + en


def test_the_ranking_puts_the_surest_first():
    found = find_contacts(TOWN, [2], window=ALL)
    assert found.contact[found.ranked()].tolist() == [1, 3, 4]


RULE = {"days_before": 2, "anchor": "onset_or_sampling", "screened": "since_last_negative", "ends": "isolation"}
NOW = datetime(2020, 3, 1, 12)


@pytest.mark.parametrize(
    ("dates", "since", "until", "codes"),
    [
        (CaseDates(onset_on=date(2020, 2, 10)), datetime(2020, 2, 8), NOW, ["onset", "not_isolated"]),
        (CaseDates(date(2020, 2, 10), date(2020, 2, 20), date(2020, 2, 12)), datetime(2020, 2, 8), datetime(2020, 2, 13), ["onset", "isolation"]),
        (CaseDates(sampled_on=date(2020, 2, 20), isolated_at=datetime(2020, 2, 20, 9)), datetime(2020, 2, 18), datetime(2020, 2, 20, 9), ["sampling", "isolation"]),
        (CaseDates(date(2020, 2, 20), last_negative_on=date(2020, 2, 14)), datetime(2020, 2, 14), NOW, ["last_negative", "not_isolated"]),
        (CaseDates(date(2020, 2, 20), isolated_at=date(2020, 2, 1)), datetime(2020, 2, 18), datetime(2020, 2, 18), ["onset", "isolation"]),
        (CaseDates(), None, None, ["no_anchor"]),
    ],
)
def test_a_window_follows_the_rule(dates: CaseDates, since, until, codes: list[str]):
    window = window_of_rule(read_window_rule(RULE), dates, NOW)
    assert (window.since, window.until) == (since, until)
    assert [reason.code for reason in window.why] == [f"window.{code}" for code in codes]
    assert all(words_of(reason, "zh") and words_of(reason, "en") for reason in window.why)


def test_the_window_of_infection_is_the_incubation_before_onset():
    assert infection_window(date(2020, 2, 15), 1, 14) == (datetime(2020, 2, 1), datetime(2020, 2, 15))
    assert infection_window(date(2020, 2, 15), 0, 0) == (datetime(2020, 2, 15), datetime(2020, 2, 16))


@pytest.mark.parametrize(
    ("wrong", "code"),
    [
        (lambda: Visits([1], [1], [5], [4]), "end_before_start"),
        (lambda: Visits([1, 2], [1], [5], [6]), "lengths"),
        (lambda: Visits([1.5], [1], [5], [6]), "not_whole"),
        (lambda: Visits(["a"], [1], [5], [6]), "not_whole"),
        (lambda: Visits([1], [1], [datetime(2020, 1, 1)], [pd.NaT]), "not_whole"),
        (lambda: Visits([1], [1], [5], [date(2020, 1, 1)]), "not_whole"),
        (lambda: Visits([1, 2], [1, 1], [datetime(2020, 1, 1), datetime(2020, 1, 1, tzinfo=UTC)], [6, 6]), "mixed_zones"),
        (lambda: Visits([1], [1], np.array(["NaT"], "datetime64[s]"), [6]), "not_whole"),
        (lambda: build_index(Visits([1, 1], [1, 1], [0, 2**33], [1, 2**33])), "out_of_reach"),
        (lambda: find_contacts(TOWN, [1, 1], window=ALL), "case_twice"),
        (lambda: find_contacts(TOWN, [1], window=(5, 4)), "window_backwards"),
        (lambda: find_contacts(TOWN, [1], window=([1, 2], 4)), "window_length"),
        (lambda: ask(generations=3), "generations"),
        (lambda: ask(min_overlap_s=-1), "min_overlap"),
        (lambda: ask(certainty=CertaintyRule(0)), "half_time"),
        (lambda: PlaceModifiers([1, 1]), "place_twice"),
        (lambda: PlaceModifiers([1], air_changes=[0]), "modifier"),
        (lambda: PlaceModifiers([1], capacity=[3]), "area_per_person"),
        (lambda: PlaceModifiers([1], reference_changes=0), "reference"),
        (lambda: Exclusions(pairs=[1, 2]), "pairs_shape"),
        (lambda: find_sources(TOWN, [1], window=ALL, candidates=[2, 2]), "candidate_twice"),
        (lambda: read_window_rule({**RULE, "anchor": "moon"}), "window_rule"),
        (lambda: read_window_rule({**RULE, "screened": "moon"}), "window_rule"),
        (lambda: infection_window(date(2020, 1, 1), 5, 2), "incubation"),
    ],
)
def test_what_cannot_be_searched_is_refused_in_both_languages(wrong, code: str):
    with pytest.raises(ContactError) as refused:
        wrong()
    assert refused.value.code == code
    assert refused.value.zh and refused.value.en and refused.value.zh != refused.value.en
