"""The whole tree of divisions in memory: frozen, built from rows, asked without a database."""

from __future__ import annotations

from bisect import bisect_left
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction
from itertools import chain, islice

from tongchou.areas.codes import LENGTHS, ancestors, path_of
from tongchou.areas.errors import AreaError, NoArea

ONE = Fraction(1)


@dataclass(frozen=True, slots=True)
class Division:
    """One version of one division, as ``Area`` stores it."""

    code: str
    name: str
    level: str
    path: str
    parent_path: str
    valid_from_on: date
    valid_to_on: date | None
    urban_rural: str = ""
    lon: float | None = None
    lat: float | None = None
    seat_datum: str = ""

    def valid_on(self, day: date) -> bool:
        return self.valid_from_on <= day and (self.valid_to_on is None or day < self.valid_to_on)


@dataclass(frozen=True, slots=True)
class Change:
    """One succession: ``share`` of ``from_path``'s people live in ``to_path`` from ``changed_on``."""

    from_path: str
    to_path: str
    changed_on: date
    share: Fraction
    back_share: Fraction | None = None
    kind: str = ""


@dataclass(frozen=True)
class Tree:
    """``versions`` by path, oldest first; ``changes`` by date."""

    versions: Mapping[str, tuple[Division, ...]]
    changes: tuple[Change, ...] = ()
    _paths: list[str] = field(default_factory=list, repr=False)
    _by_name: dict[str, set[str]] = field(default_factory=dict, repr=False)
    _homes: dict[date, dict[str, frozenset[str]]] = field(default_factory=dict, repr=False)

    @classmethod
    def build(cls, divisions: Iterable[Division], changes: Iterable[Change]) -> Tree:
        versions: dict[str, list[Division]] = defaultdict(list)
        for division in divisions:
            versions[division.path].append(division)
        ordered = {path: tuple(sorted(rows, key=lambda row: row.valid_from_on)) for path, rows in versions.items()}
        dated = tuple(sorted(changes, key=lambda row: (row.changed_on, row.from_path, row.to_path)))
        return cls(ordered, dated, sorted(ordered))

    # one division

    def find(self, path: str, on: date) -> Division | None:
        """The version in force on a day, or ``None``."""
        return next((row for row in self.versions.get(path, ()) if row.valid_on(on)), None)

    def last_known(self, path: str, on: date) -> Division | None:
        """The version of a day; where there is none, the one that stood last before, else the first after."""
        rows = self.versions.get(path, ())
        before = [row for row in rows if row.valid_from_on <= on]
        return before[-1] if before else (rows[0] if rows else None)

    def name_of(self, path: str, on: date) -> str:
        division = self.last_known(path, on)
        return division.name if division else path

    def full_name(self, path: str, on: date) -> str:
        steps = [*ancestors(path), path] if path in self.versions else [path]
        return "".join(self.name_of(step, on) for step in steps if step in self.versions or step == path)

    def children(self, path: str, on: date) -> list[Division]:
        """The divisions straight below that are in force on a day, by code."""
        return [row for row in self.below(path, on) if row.parent_path == path]

    def below(self, path: str, on: date, level: str = "") -> list[Division]:
        """Every division below (of one level, if named) in force on a day, by code; ``""`` is the whole tree."""
        found = []
        start = bisect_left(self._paths, path)
        for step in islice(self._paths, start, None):
            if not step.startswith(path):
                break
            if step != path and (row := self.find(step, on)) and (not level or row.level == level):
                found.append(row)
        return found

    def named(self, text: str, on: date) -> list[Division]:
        """Divisions in force on a day whose short or full name (from the city or county down, too) is this text."""
        if not self._by_name:
            for version in chain.from_iterable(self.versions.values()):
                self._by_name.setdefault(version.name, set()).add(version.path)
        endings = (text[start:] for start in range(len(text)))  # a full name ends in the short one
        paths = sorted({path for ending in endings for path in self._by_name.get(ending, ())})
        found = [row for path in paths if (row := self.find(path, on))]
        return [
            row
            for row in found
            if row.name == text or (text.endswith(row.name) and self.full_name(row.path, on).endswith(text))
        ]

    # change over time

    def born_on(self, path: str) -> date:
        rows = self.versions.get(path)
        if not rows:
            raise _unknown(path)
        return rows[0].valid_from_on

    def successors(self, path: str, on: date, since: date | None = None) -> dict[str, Fraction]:
        """Where the people of ``path`` as it stood on ``since`` live on the later day ``on``: path -> share.

        ``since`` is the day on which the people were counted; left out, the first day of the area.
        """
        start = since or self.born_on(path)
        now = {path: ONE}
        for _, moves in self._moves_between(start, on):
            now = _moved(now, moves)
        return now

    def predecessors(self, path: str, on: date, since: date | None = None) -> dict[str, Fraction]:
        """Where the people of ``path`` as it stands on ``since`` (left out: last) lived on the earlier day ``on``.

        Raises ``AreaError('no_way_back')`` where two areas became one and no populations were recorded.
        """
        rows = self.versions.get(path)
        if not rows:
            raise _unknown(path)
        end = since or rows[-1].valid_from_on
        now = {path: ONE}
        for day, moves in reversed(self._moves_between(on, end)):
            arrived: dict[str, list[Change]] = defaultdict(list)
            for changes in moves.values():
                for change in changes:
                    arrived[change.to_path].append(change)
            before: dict[str, Fraction] = defaultdict(Fraction)
            for place, part in now.items():
                for origin, share in _origins(place, day, arrived.get(place, []), self).items():
                    before[origin] += part * share
            now = dict(before)
        return now

    def _moves_between(self, start: date, end: date) -> list[tuple[date, dict[str, list[Change]]]]:
        """The changes with ``start < changed_on <= end``, by day and by the area that they leave."""
        days: dict[date, dict[str, list[Change]]] = {}
        for change in self.changes:
            if start < change.changed_on <= end:
                days.setdefault(change.changed_on, {}).setdefault(change.from_path, []).append(change)
        return sorted(days.items())

    def whole_predecessors(self, path: str, on: date) -> frozenset[str]:
        """Earlier areas whose people all live in ``path`` or below it on a day: the fewest ranges that hold them.

        Their rows keep the code they were written with, so a scope on ``path`` must ask for these ranges too.
        """
        changed_on = max((change.changed_on for change in self.changes if change.changed_on <= on), default=None)
        if changed_on is None:
            return frozenset()
        if changed_on not in self._homes:
            self._homes[changed_on] = _whole_origins(self.changes, changed_on)
        gathered = {
            origin
            for home, origins in self._homes[changed_on].items()
            if home.startswith(path)
            for origin in origins
            if not origin.startswith(path)
        }
        return frozenset(origin for origin in gathered if gathered.isdisjoint(ancestors(origin)))

    def at_level(self, path: str, level: str) -> str:
        """The path cut to a level; an area that already stands above the level stays itself."""
        length = LENGTHS[level]
        steps = [*ancestors(path), path]
        return max((step for step in steps if len(step) <= length), key=len, default=path)


def _unknown(path: str) -> NoArea:
    return NoArea(
        "area_unknown",
        f"区划 {path} 不在区划表中，请先导入区划或核对代码",
        f"division {path} is not in the tree; import divisions first or check the code",
    )


def _origins(place: str, day: date, arrived: list[Change], tree: Tree) -> dict[str, Fraction]:
    """Where the people of ``place`` lived the day before ``day``, as shares that add up to 1."""
    stood = tree.find(place, day.fromordinal(day.toordinal() - 1)) is not None
    if not arrived:
        return {place: ONE}
    if len(arrived) == 1 and (arrived[0].from_path == place or not stood):
        return {arrived[0].from_path: ONE}
    if any(change.back_share is None for change in arrived):
        raise AreaError(
            "no_way_back",
            f"{day} 起多个区划并入 {place}，未登记人口数，不能把合并后的数分回合并前；"
            "请用更细的级别，或登记合并时的人口",
            f"several divisions became {place} on {day} and no populations were recorded, so figures after that day"
            " cannot be cut back; use a finer level, or record the populations of the merger",
        )
    shares = {change.from_path: change.back_share or Fraction(0) for change in arrived}
    rest = ONE - sum(shares.values())
    if rest:
        shares[place] = shares.get(place, Fraction(0)) + rest
    return shares


def _whole_origins(changes: Iterable[Change], until: date) -> dict[str, frozenset[str]]:
    """For every area: the earlier areas whose people all live in it once the changes up to a day are done."""
    homes: dict[str, dict[str, Fraction]] = {}
    by_day: dict[date, dict[str, list[Change]]] = {}
    for change in changes:
        if change.changed_on <= until:
            by_day.setdefault(change.changed_on, {}).setdefault(change.from_path, []).append(change)
    for _, moves in sorted(by_day.items()):
        homes |= {origin: {origin: ONE} for origin in moves if origin not in homes}
        for origin, places in homes.items():
            if places.keys() & moves.keys():
                homes[origin] = _moved(places, moves)
    whole: dict[str, set[str]] = defaultdict(set)
    for origin, places in homes.items():
        if len(places) == 1 and origin not in places:
            whole[next(iter(places))].add(origin)
    return {home: frozenset(origins) for home, origins in whole.items()}


def _moved(places: Mapping[str, Fraction], moves: Mapping[str, list[Change]]) -> dict[str, Fraction]:
    """Shares by place after one day's changes."""
    after: dict[str, Fraction] = defaultdict(Fraction)
    for place, part in places.items():
        if place not in moves:
            after[place] += part
        for change in moves.get(place, ()):
            after[change.to_path] += part * change.share
    return dict(after)


def reaggregate(
    tree: Tree,
    counts: Mapping[str, int],
    *,
    on: date,
    counted_on: date | None = None,
    level: str = "",
) -> dict[str, int]:
    """Whole counts by path, told again under the divisions of the day ``on``; the total is kept exactly.

    ``counted_on`` is the day whose divisions the counts were written under; left out, each path speaks for the time
    in which it stood. ``level`` adds the answer up to one level (areas above it stay themselves).

    An area that moved whole keeps its count. An area that was cut is shared out by population, and whole persons
    are made by largest remainders *within that area's own count* (ties go to the larger share, then the smaller
    code), so every area's people are kept, not only the grand total.
    """
    told: dict[str, int] = defaultdict(int)
    for path, count in sorted(counts.items()):
        path = path_of(path)
        for place, part in apportion(count, shares_on(tree, path, on, counted_on)).items():
            told[tree.at_level(place, level) if level else place] += part
    return dict(sorted(told.items()))


def shares_on(tree: Tree, path: str, on: date, counted_on: date | None = None) -> dict[str, Fraction]:
    """Where a path's people live (later day) or lived (earlier day) on ``on``."""
    if path not in tree.versions:
        raise _unknown(path)
    rows = tree.versions[path]
    if counted_on is None:
        if tree.find(path, on):
            return {path: ONE}
        return tree.successors(path, on) if rows[0].valid_from_on <= on else tree.predecessors(path, on)
    if on >= counted_on:
        return tree.successors(path, on, counted_on)
    return tree.predecessors(path, on, counted_on)


def apportion(count: int, shares: Mapping[str, Fraction]) -> dict[str, int]:
    """A whole number shared out by largest remainder: the parts are whole and add up to ``count``."""
    exact = {path: count * share for path, share in shares.items()}
    parts = {path: value.numerator // value.denominator for path, value in exact.items()}
    left = count - sum(parts.values())
    by_remainder = sorted(shares, key=lambda path: (parts[path] - exact[path], -shares[path], path))
    for path in by_remainder[:left]:
        parts[path] += 1
    return {path: part for path, part in parts.items() if part or len(parts) == 1}
