"""The definition of a contact said once more, as plainly as can be: every pair of visits, one after another."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

Visit = tuple[int, int, int, int]
Row = dict[str, Any]


def meetings_with(visits: Sequence[Visit], person: int, since: int, until: int, least: int) -> list[tuple[int, int, int, int]]:
    """(other, place, start, end) of every meeting of a person within a window."""
    found = []
    for who, where, start, end in visits:
        if who != person:
            continue
        for other, place, begin, finish in visits:
            low, high = max(start, begin, since), min(end, finish, until)
            if other != person and place == where and high - low >= least and high - low > 0:
                found.append((other, place, low, high))
    return found


def contacts_of(
    visits: Sequence[Visit], cases: dict[int, tuple[int, int]], least: int, generations: int = 1
) -> dict[tuple[int, int, int], Row]:
    """{(case, contact, generation): row} by the definition at the head of tongchou.engine.contacts."""
    first: dict[int, list[tuple[int, int, int, int]]] = {
        case: meetings_with(visits, case, since, until, least) for case, (since, until) in cases.items()
    }
    answer = {(case, other, 1): row for case, found in first.items() for other, row in summed(found, cases).items()}
    if generations == 1:
        return answer
    dropped = set(cases) | {contact for _case, contact, _generation in answer}
    for case, (_since, until) in cases.items():
        further = []
        for (of, contact, _generation), row in list(answer.items()):
            if of == case and _generation == 1:
                further += [one for one in meetings_with(visits, contact, row["first"], until, least) if one[0] not in dropped]
        answer |= {(case, other, 2): row for other, row in summed(further, cases).items()}
    return answer


def summed(found: list[tuple[int, int, int, int]], cases: dict[int, tuple[int, int]]) -> dict[int, Row]:
    rows: dict[int, Row] = {}
    for other in {one[0] for one in found}:
        mine = [one for one in found if one[0] == other]
        rows[other] = {
            "overlap_s": sum(end - start for _other, _place, start, end in mine),
            "meetings": len(mine),
            "first": min(start for _other, _place, start, _end in mine),
            "last": max(end for _other, _place, _start, end in mine),
            "places": len({place for _other, place, _start, _end in mine}),
            "is_case": other in cases,
        }
    return rows
