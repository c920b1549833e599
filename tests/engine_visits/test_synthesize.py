"""The synthetic city: counts are exact, the same seed gives the same visits, and people move as they are said to."""

from __future__ import annotations

import json
from datetime import date

import numpy as np
import pytest

from tongchou.cli.__main__ import main
from tongchou.engine.visits import Opening, PatternError, VisitPattern, VisitsOfDay, synthesize_visits
from tongchou.engine.visits.pattern import HOUR
from tongchou.store.visit_rows import visit_files
from tongchou.store.visit_store import VisitStore

DAY_S = 86_400
COLUMNS = ("person", "place", "start", "end")


def week(**changed: object) -> list[VisitsOfDay]:
    asked: dict[str, object] = {"people": 20_000, "visits": 250_000, "days": 7, "seed": 7}
    return list(synthesize_visits(**asked | changed))  # type: ignore[arg-type]


def joined(days: list[VisitsOfDay]) -> dict[str, np.ndarray]:
    return {name: np.concatenate([getattr(day, name) for day in days]) for name in COLUMNS}


@pytest.fixture(scope="module")
def visits() -> dict[str, np.ndarray]:
    return joined(week())


def test_the_same_seed_gives_the_same_visits_whatever_the_threads(visits):
    again = joined(week(threads=5))
    assert all(np.array_equal(visits[name], again[name]) for name in COLUMNS)
    other = joined(week(seed=8))
    assert not np.array_equal(visits["place"], other["place"])


def test_a_day_asked_for_alone_is_the_same():
    whole = week()[3]
    alone = synthesize_visits(people=20_000, visits=250_000, days=7, seed=7).of_day(3)
    assert alone.day == whole.day == date(2020, 1, 9)
    assert all(np.array_equal(getattr(alone, name), getattr(whole, name)) for name in COLUMNS)
    assert np.all(np.diff(alone.start) >= 0) and set(alone.start // DAY_S) == {18270}


def test_visits_begin_on_their_day_also_in_a_crowded_one():
    city = synthesize_visits(people=1000, visits=7000, days=1, seed=2, places=500)
    day = city.of_day(0)
    assert np.bincount(day.person).max() > 12
    assert set(day.start // DAY_S) == {18267} and (day.end - day.start).min() >= 300
    order = np.lexsort((day.start, day.person))
    same = day.person[order][1:] == day.person[order][:-1]
    assert not (same & (day.start[order][1:] < day.end[order][:-1])).any()


def test_counts_and_ranges_are_what_was_asked(visits):
    assert visits["person"].size == 250_000
    assert visits["person"].min() >= 0 and visits["person"].max() < 20_000
    assert visits["place"].min() >= 0 and visits["place"].max() < synthesize_visits(people=20_000, visits=250_000, days=7, seed=7).places
    length = visits["end"] - visits["start"]
    assert length.min() >= 300 and length.max() <= 8 * HOUR


def test_nobody_is_at_two_places_at_once(visits):
    order = np.lexsort((visits["start"], visits["person"]))
    person, start, end = (visits[name][order] for name in ("person", "start", "end"))
    assert not ((person[1:] == person[:-1]) & (start[1:] < end[:-1])).any()


def test_stays_have_the_median_that_is_stated(visits):
    minutes = np.median(visits["end"] - visits["start"]) / 60
    assert 37 < minutes < 41


def test_the_busiest_places_are_as_crowded_as_is_stated():
    """People at once, on average over the opening hours, at the places where the cap binds."""
    pattern = VisitPattern(openings=(Opening(1.0, 9 * HOUR, 21 * HOUR),), returning=0.0, busiest=200.0)
    day = synthesize_visits(people=200_000, visits=500_000, days=1, seed=3, places=2000, pattern=pattern).of_day(0)
    crowd = np.sort(np.bincount(day.place, weights=day.end - day.start, minlength=2000)) / (12 * HOUR)
    assert 185 < crowd[-8:].mean() < 215 and crowd[-1] < 240
    assert np.median(crowd) < 30


def test_weekends_are_busier():
    days = week()
    assert [day.day.weekday() for day in days] == list(range(7))
    sizes = [day.person.size for day in days]
    assert sizes[5] == max(sizes) and sizes[1] == min(sizes) and sum(sizes) == 250_000


def test_people_come_back_to_places_of_their_own(visits):
    home = joined(week(pattern=VisitPattern(returning=0.0)))
    pairs = lambda of: np.unique(of["person"] * 100_000 + of["place"]).size  # noqa: E731
    assert pairs(visits) < 0.9 * pairs(home)


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"people": 0}, "not_positive"),
        ({"seed": -1}, "not_positive"),
        ({"visits": 2_000_000}, "visits_many"),
        ({"visits": 3}, "visits_few"),
        ({"places": 3}, "places_few"),
    ],
)
def test_a_city_that_cannot_be_is_refused_in_both_languages(changed, code):
    with pytest.raises(PatternError) as refused:
        week(**changed)
    assert refused.value.code == code and refused.value.zh and refused.value.en


def test_the_command_writes_a_file_a_day_and_the_same_again(tmp_path, capsys):
    words = ["visits", "synthesize", "--people", "3000", "--visits", "20000", "--days", "3", "--seed", "5", "--json", "--out"]
    assert main([*words, str(tmp_path / "one")]) == 0
    told = json.loads(capsys.readouterr().out)
    assert main([*words, str(tmp_path / "two"), "--threads", "1"]) == 0
    store = VisitStore(tmp_path / "one")
    assert list(store.days()) == [18267, 18268, 18269]  # 6 to 8 January 2020
    assert sum(store.days().values()) == told["visits"] == 20_000
    files = visit_files(tmp_path / "one")
    assert sum(file.stat().st_size for file in files) == told["bytes"] and len(files) == told["files"] == 3
    assert [file.read_bytes() for file in files] == [file.read_bytes() for file in visit_files(tmp_path / "two")]
    capsys.readouterr()
    assert main([*words, str(tmp_path / "one")]) == 1
    assert "空文件夹" in capsys.readouterr().err
