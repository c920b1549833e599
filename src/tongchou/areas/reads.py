"""What other rooms ask of the tree; the contract is in docs/architecture.md."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from fractions import Fraction

from django.db.models import Q

from tongchou import citytime
from tongchou.areas import codes, snapshot
from tongchou.areas import tree as trees
from tongchou.areas.errors import NoArea
from tongchou.areas.tree import Division


def within(field: str, path: str, *, history: bool = True) -> Q:
    """Rows whose ``field`` holds ``path`` or an area below it, as index ranges.

    Rows keep the code they were written with. With ``history`` the answer also takes in earlier areas whose people
    all live in ``path`` today, so the post of a merged township keeps sight of both parts. An area that was cut is
    no whole predecessor: its own old rows stay with the area above.
    """
    low, high = codes.subtree(path)
    asked = Q(**{f"{field}__gte": low, f"{field}__lt": high})
    if history:
        for before in sorted(snapshot.tree().whole_predecessors(low, citytime.today())):
            low, high = codes.subtree(before)
            asked |= Q(**{f"{field}__gte": low, f"{field}__lt": high})
    return asked


def holds(path: str, place: str) -> bool:
    """Whether ``place`` is ``path``, lies below it, or is an earlier area that moved into it whole: one row of ``within``."""
    low, high = codes.subtree(path)
    if low <= place < high:
        return True
    before = snapshot.tree().whole_predecessors(low, citytime.today())
    return any(start <= place < end for start, end in map(codes.subtree, before))


def find(path: str, on: date | None = None) -> Division | None:
    """The version in force on a day (left out: today, or as it last stood); ``None`` where there is none."""
    if on is None:
        return snapshot.tree().last_known(path, citytime.today())
    return snapshot.tree().find(path, on)


def get(path: str, on: date | None = None) -> Division:
    """As ``find``, but raises ``NoArea`` (bilingual). ``path`` may be a full 12-digit code."""
    path = codes.path_of(path)
    division = find(path, on)
    if division is None:
        when = f"在 {on} " if on else ""
        raise NoArea(
            "area_unknown",
            f"区划 {path} {when}不在区划表中，请核对代码和日期，或先导入区划",
            f"division {path} is not in the tree{f' on {on}' if on else ''};"
            " check the code and the day, or import divisions first",
        )
    return division


def name_of(path: str, on: date | None = None) -> str:
    """The name on a day (left out: today, or the last name it had); an unknown path is returned as it is."""
    return snapshot.tree().name_of(path, on or citytime.today())


def full_name(path: str, on: date | None = None) -> str:
    """The names from the top down, run together: 攀枝花市东区炳草岗街道."""
    return snapshot.tree().full_name(path, on or citytime.today())


def children(path: str, on: date | None = None) -> list[Division]:
    """The divisions straight below ``path`` in force on a day (left out: today), by code."""
    return snapshot.tree().children(path, on or citytime.today())


def below(path: str, on: date | None = None, level: str = "") -> list[Division]:
    """Every division below ``path`` (``""``: of the whole tree) in force on a day, by code; of one level, if named."""
    return snapshot.tree().below(path, on or citytime.today(), level)


def successors(path: str, on: date, since: date | None = None) -> dict[str, Fraction]:
    """Where an area of the past (as of ``since``; left out: its first day) lives on a later day: path -> share."""
    return snapshot.tree().successors(codes.path_of(path), on, since)


def predecessors(path: str, on: date, since: date | None = None) -> dict[str, Fraction]:
    """Where the people of an area lived on an earlier day: path -> share. May raise ``AreaError('no_way_back')``."""
    return snapshot.tree().predecessors(codes.path_of(path), on, since)


def reaggregate(
    counts_by_path: Mapping[str, int], *, on: date, counted_on: date | None = None, level: str = ""
) -> dict[str, int]:
    """Whole counts told again under the divisions of the day ``on``, the total kept; see ``tree.reaggregate``."""
    return trees.reaggregate(snapshot.tree(), counts_by_path, on=on, counted_on=counted_on, level=level)
