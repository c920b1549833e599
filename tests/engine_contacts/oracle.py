"""The definition of a contact in the plainest Python, and random cities to hold every engine to it.

A meeting is two visits of two people to the same known place whose common time, clipped to the case's window,
is at least ``min_overlap_s`` and above zero. Intervals are half-open: who leaves as another enters has not met them.
A visit without an end is still going on. A visit without a place meets nobody.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import NamedTuple

from hypothesis import strategies as st

DAY = 86_400


class Visit(NamedTuple):
    person: int
    place: int | None
    start: int
    end: int | None


class Window(NamedTuple):
    """The time in which a case counts as infectious; None is open on that side."""

    person: int
    begins: int | None
    ends: int | None


class Line(NamedTuple):
    """One line of the answer."""

    generation: int
    case: int
    contact: int
    overlap_s: int
    meetings: int
    first: int
    last: int
    places: int
    is_case: bool


@dataclass(frozen=True)
class City:
    visits: tuple[Visit, ...]
    cases: tuple[Window, ...]
    min_overlap_s: int = 60
    generations: int = 2


def meetings_of(visits: Iterable[Visit], who: Window, min_overlap_s: int) -> list[tuple[int, int, int, int]]:
    """(contact, place, from, to) of every meeting of one person within one window."""
    visits = list(visits)
    found = []
    for own in visits:
        if own.person != who.person or own.place is None:
            continue
        for other in visits:
            if other.person == own.person or other.place != own.place:
                continue
            begins = [own.start, other.start] + ([] if who.begins is None else [who.begins])
            ends = [end for end in (own.end, other.end, who.ends) if end is not None]
            if not ends:
                raise ValueError("two visits that both go on, within an open window, have no length")
            length = min(ends) - max(begins)
            if length > 0 and length >= min_overlap_s:
                found.append((other.person, own.place, max(begins), min(ends)))
    return found


def contacts_of(city: City) -> list[Line]:
    """The lines that every engine must give, in order of generation, case and contact."""
    cases = {window.person for window in city.cases}
    lines: dict[tuple[int, int, int], list[tuple[int, int, int]]] = {}
    for window in city.cases:
        for contact, *meeting in meetings_of(city.visits, window, city.min_overlap_s):
            lines.setdefault((1, window.person, contact), []).append(tuple(meeting))
    near = {contact for _generation, _case, contact in lines}
    if city.generations == 2:
        ends_of = {window.person: window.ends for window in city.cases}
        for (_one, case, contact), met in list(lines.items()):
            window = Window(contact, min(begins for _place, begins, _ends in met), ends_of[case])
            for far, *meeting in meetings_of(city.visits, window, city.min_overlap_s):
                if far not in cases and far not in near:
                    lines.setdefault((2, case, far), []).append(tuple(meeting))
    return sorted(_line(key, met, key[2] in cases) for key, met in lines.items())


def _line(key: tuple[int, int, int], met: list[tuple[int, int, int]], is_case: bool) -> Line:
    places, begins, ends = zip(*met, strict=True)
    together = sum(ends) - sum(begins)
    return Line(*key, together, len(met), min(begins), max(ends), len(set(places)), is_case)


#: Instants that fall on each other often: quarter hours of an evening and the night after it, and the seconds beside them.
MOMENTS = [DAY + quarter * 900 + beside for quarter in range(-8, 9) for beside in (0, 0, 0, -60, -1, 1, 59)]
#: Lengths of stay; None is a visit that goes on, the last is longer than every window.
LENGTHS = (0, 1, 59, 60, 61, 900, 900, 1800, 3600, 3600, 3 * 3600, DAY, None, 20 * DAY)
PLACES = (0, 0, 0, 0, 1, 1, None)


def _visits() -> st.SearchStrategy[Visit]:
    def visit(person: int, place: int | None, start: int, length: int | None) -> Visit:
        early = start - 10 * DAY if length == LENGTHS[-1] else start
        return Visit(person, place, early, None if length is None else early + length)

    return st.builds(visit, st.integers(0, 5), st.sampled_from(PLACES), st.sampled_from(MOMENTS), st.sampled_from(LENGTHS))


@st.composite
def cities(draw: st.DrawFn) -> City:
    """A small city where people touch, overlap themselves, stay over midnight, stay for ever or not at all."""
    least = draw(st.sampled_from((0, 6, 12, 12)))
    visits = draw(st.lists(_visits(), min_size=least, max_size=least + 8))
    if visits and draw(st.booleans()):  # another comes in the very second in which one goes
        one = draw(st.sampled_from(visits))
        if one.end is not None:
            visits.append(Visit(draw(st.integers(0, 6)), one.place, one.end, one.end + 900))
    cases = []
    for person in draw(st.lists(st.integers(0, 6), unique=True, min_size=least // 6, max_size=3)):
        begins = draw(st.sampled_from((None, 0, 0, 0, DAY, *MOMENTS[::14])))
        ends = (begins or 0) + draw(st.sampled_from((0, 1, 900, DAY, *[3 * DAY] * 6)))
        cases.append(Window(person, begins, ends))
    asked = draw(st.sampled_from(((60, 2), (60, 2), (0, 2), (1, 1), (900, 2), (3600, 1))))
    return City(tuple(visits), tuple(cases), *asked)


#: Cities small enough to be read: each is one edge of the definition. The expected lines stand in ``test_engines.py``.
EDGES = {
    "touching": City((Visit(1, 5, 0, 900), Visit(2, 5, 900, 1800)), (Window(1, 0, DAY),), 1),
    "midnight": City((Visit(1, 5, DAY - 600, DAY + 600), Visit(2, 5, DAY - 60, DAY + 60)), (Window(1, 0, 2 * DAY),)),
    "window cuts at midnight": City(
        (Visit(1, 5, DAY - 600, DAY + 600), Visit(2, 5, DAY - 60, DAY + 60)), (Window(1, 0, DAY),)
    ),
    "both still there": City((Visit(1, 5, 100, None), Visit(2, 5, 400, None)), (Window(1, 0, 1000),)),
    "open window": City((Visit(1, 5, 100, 500), Visit(2, 5, -400, 300)), (Window(1, None, None),)),
    "same person twice": City((Visit(1, 5, 0, 600), Visit(1, 5, 300, 900), Visit(2, 5, 200, 800)), (Window(1, 0, DAY),)),
    "one second": City((Visit(1, 5, 0, 900), Visit(2, 5, 7, 8)), (Window(1, 0, DAY),), 1),
    "one second is too short": City((Visit(1, 5, 0, 900), Visit(2, 5, 7, 8)), (Window(1, 0, DAY),), 2),
    "no length": City((Visit(1, 5, 0, 900), Visit(2, 5, 7, 7)), (Window(1, 0, DAY),), 0),
    "longer than the window": City((Visit(1, 5, -DAY, 9 * DAY), Visit(2, 5, -DAY, 9 * DAY)), (Window(1, 0, DAY),)),
    "window of no length": City((Visit(1, 5, 0, 900), Visit(2, 5, 0, 900)), (Window(1, 300, 300),), 0),
    "unknown place": City((Visit(1, None, 0, 900), Visit(2, None, 0, 900)), (Window(1, 0, DAY),)),
    "alone": City((Visit(1, 5, 0, 900),), (Window(1, 0, DAY), Window(3, 0, DAY))),
    "two cases": City((Visit(1, 5, 0, 900), Visit(2, 5, 0, 900), Visit(3, 5, 600, 900)), (Window(1, 0, DAY), Window(2, 0, DAY))),
    "second generation": City(
        (
            Visit(1, 5, 0, 900), Visit(2, 5, 300, 900), Visit(2, 6, 100, 1000), Visit(3, 6, 0, 400), Visit(4, 6, 0, 300),
            Visit(2, 6, 2000, 9000), Visit(3, 6, 2000, 2600), Visit(5, 6, 2900, 9000),
        ),
        (Window(1, 0, 3000),),
    ),
    "two ways to the second": City(
        (
            Visit(1, 5, 0, 900), Visit(2, 5, 0, 900), Visit(4, 5, 0, 900),
            Visit(2, 6, 1000, 1100), Visit(3, 6, 1000, 1100), Visit(4, 7, 1100, 1300), Visit(3, 7, 1100, 1300),
            Visit(2, 8, 5000, 5300), Visit(6, 8, 5000, 5300), Visit(9, 9, 5000, 5300), Visit(6, 9, 5000, 5300),
        ),
        (Window(1, 0, 3000), Window(9, 5000, 5300)),
    ),
    "no visits": City((), (Window(1, 0, DAY),)),
    "no cases": City((Visit(1, 5, 0, 900), Visit(2, 5, 0, 900)), ()),
}  # fmt: skip
