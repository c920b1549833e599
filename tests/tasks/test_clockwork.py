"""The pure clock: hand-checked cases, then what must hold of every clock."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.tasks.clockwork import Calendar, Course, Limit, Pause, due_at, last_day, merged, read

CITY = ZoneInfo("Asia/Shanghai")
T0 = datetime(2020, 2, 14, 4, 0, tzinfo=UTC)
HOUR = timedelta(hours=1)
SPRING = Calendar(
    CITY,
    holidays=frozenset(date(2020, 1, 24) + timedelta(days=n) for n in range(10)),
    workdays=frozenset({date(2020, 1, 19)}),
)


def hours(number: float) -> datetime:
    return T0 + number * HOUR


def test_two_hours_are_two_hours():
    limit = Limit(minutes=120)
    assert due_at(T0, limit) == hours(2)
    assert due_at(T0, limit, [Pause(hours(1), hours(4))]) == hours(5)
    assert due_at(T0, limit, [Pause(hours(3), hours(4))]) == hours(2), "a pause after the end moves nothing"
    assert due_at(T0, limit, [Pause(hours(-2), hours(1))]) == hours(3), "a pause before the start counts from the start"
    assert due_at(T0, limit, [Pause(hours(1))]) is None
    assert due_at(T0, limit, [Pause(hours(2))]) == hours(2)


@pytest.mark.parametrize(
    ("started", "days", "last"),
    [
        (date(2020, 2, 13), 1, date(2020, 2, 14)),  # Thursday: Friday
        (date(2020, 2, 14), 1, date(2020, 2, 17)),  # Friday: Monday
        (date(2020, 1, 17), 1, date(2020, 1, 19)),  # Friday before the worked Sunday
        (date(2020, 1, 23), 1, date(2020, 2, 3)),  # eve of the festival: the Monday after its extension
        (date(2020, 1, 21), 5, date(2020, 2, 5)),  # 22, 23 January, 3, 4, 5 February
    ],
)
def test_working_days_by_hand(started, days, last):
    at = datetime(started.year, started.month, started.day, 10, tzinfo=CITY)
    due = due_at(at, Limit(working_days=days, calendar=SPRING))
    assert due == datetime(last.year, last.month, last.day, tzinfo=CITY) + timedelta(days=1)
    assert last_day(due, SPRING) == last


def test_states_of_one_clock_through_its_life():
    course = Course(Limit(minutes=120), T0, near_minutes=30)
    seen = [read(course, at).state for at in (hours(-1), T0, hours(1.4), hours(1.5), hours(2), hours(2.01))]
    assert seen == ["pending", "ok", "ok", "near", "near", "over"]
    in_time = Course(Limit(minutes=120), T0, stopped_at=hours(1.9), near_minutes=30)
    assert [read(in_time, at).state for at in (hours(1.8), hours(1.9), hours(9))] == ["near", "ok", "ok"]
    late = Course(Limit(minutes=120), T0, stopped_at=hours(3), near_minutes=30)
    assert [read(late, at).state for at in (hours(2.5), hours(3))] == ["over", "over_done"]
    assert read(Course(None, T0), T0).state == "unknown"
    assert read(Course(Limit(minutes=1), None), T0).state == "pending"


def test_a_held_clock_stands_as_it_stood_and_its_end_is_open():
    course = Course(Limit(minutes=120), T0, pauses=(Pause(hours(1.6), hours(10)),), near_minutes=30)
    during = read(course, hours(5))
    assert (during.state, during.paused, during.due_at) == ("near", True, None)
    after = read(course, hours(10))
    assert (after.state, after.paused, after.due_at) == ("near", False, hours(10.4))


def test_what_contradicts_itself_is_refused():
    with pytest.raises(ValueError, match="either minutes or working days"):
        Limit(minutes=1, working_days=1, calendar=SPRING)
    with pytest.raises(ValueError, match="2020-02-01"):
        Calendar(CITY, holidays=frozenset({date(2020, 2, 1)}), workdays=frozenset({date(2020, 2, 1)}))
    with pytest.raises(ValueError, match="working weekday"):
        Calendar(CITY, rest_weekdays=frozenset(range(1, 8)))


offsets = st.integers(min_value=-3 * 24 * 60, max_value=20 * 24 * 60)
pauses = st.lists(
    st.tuples(offsets, st.integers(min_value=0, max_value=4 * 24 * 60)).map(
        lambda pair: Pause(T0 + timedelta(minutes=pair[0]), T0 + timedelta(minutes=pair[0] + pair[1]))
    ),
    max_size=5,
)
calendars = st.builds(
    lambda rest, off, on: Calendar(CITY, rest_weekdays=frozenset(rest), holidays=frozenset(off - on), workdays=frozenset(on)),
    st.sets(st.integers(min_value=1, max_value=7), max_size=3),
    st.sets(st.dates(min_value=date(2020, 2, 1), max_value=date(2020, 4, 1)), max_size=12),
    st.sets(st.dates(min_value=date(2020, 2, 1), max_value=date(2020, 4, 1)), max_size=4),
)
limits = st.one_of(
    st.builds(lambda n: Limit(minutes=n), st.integers(min_value=0, max_value=10 * 24 * 60)),
    st.builds(lambda n, c: Limit(working_days=n, calendar=c), st.integers(min_value=0, max_value=30), calendars),
)


@settings(max_examples=120, deadline=None)
@given(limit=limits, first=pauses, more=pauses)
def test_a_pause_never_shortens(limit, first, more):
    before, after = due_at(T0, limit, first), due_at(T0, limit, [*first, *more])
    assert before is not None and after is not None
    assert after >= before >= T0


@settings(max_examples=120, deadline=None)
@given(minutes=st.integers(min_value=0, max_value=10 * 24 * 60), some=pauses)
def test_counted_minutes_are_exactly_the_limit(minutes, some):
    due = due_at(T0, Limit(minutes=minutes), some)
    inside = [(max(p.from_at, T0), min(p.to_at, due)) for p in merged(some)]
    held = sum((to - start for start, to in inside if to > start), timedelta(0))
    assert due - T0 - held == timedelta(minutes=minutes)


@settings(max_examples=120, deadline=None)
@given(days=st.integers(min_value=0, max_value=40), calendar=calendars, some=pauses)
def test_working_day_clocks_end_on_a_working_day_and_count_rightly(days, calendar, some):
    due = due_at(T0, Limit(working_days=days, calendar=calendar), some)
    last = last_day(due, calendar)
    assert calendar.works_on(last)
    assert due == calendar.close_of(last)
    if not merged(some):
        start = calendar.day_of(T0)
        counted = sum(calendar.works_on(start + timedelta(days=n)) for n in range(1, (last - start).days + 1))
        assert counted == days or days == 0


RANK = {"pending": 0, "ok": 1, "near": 2, "over": 3}


@settings(max_examples=120, deadline=None)
@given(limit=limits, near=st.integers(min_value=0, max_value=3000), ats=st.lists(offsets, min_size=2, max_size=8))
def test_a_running_clock_only_gets_worse(limit, near, ats):
    course = Course(limit, T0, near_minutes=near)
    ranks = [RANK[read(course, T0 + timedelta(minutes=at)).state] for at in sorted(ats)]
    assert ranks == sorted(ranks)


@settings(max_examples=120, deadline=None)
@given(limit=limits, some=pauses, stop=st.integers(min_value=0, max_value=20 * 24 * 60), later=st.integers(min_value=0, max_value=5000))
def test_a_stopped_clock_stays_as_it_was_judged(limit, some, stop, later):
    stopped_at = T0 + timedelta(minutes=stop)
    known = [pause for pause in some if pause.to_at <= stopped_at]
    course = Course(limit, T0, stopped_at=stopped_at, pauses=known, near_minutes=60)
    verdicts = {read(course, stopped_at + timedelta(minutes=n)).state for n in (0, later)}
    due = due_at(T0, limit, known)
    assert verdicts == {"ok" if stopped_at <= due else "over_done"}
