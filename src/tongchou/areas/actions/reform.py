"""Divisions merge, split and change their names on a day: old versions close, new ones open, successors are written."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from fractions import Fraction

from django.db import transaction

from tongchou import audit
from tongchou.areas import snapshot
from tongchou.areas.codes import code_of, level_of, parent_of, path_of, subtree
from tongchou.areas.drafts import NAME_MAX
from tongchou.areas.errors import AreaError
from tongchou.areas.models import Area, AreaSuccession
from tongchou.areas.tree import ONE, Division, Tree

LEDGER = "area"
SHARE_STEP = Decimal("0.000000000001")
BATCH_ROWS = 500
Kind = AreaSuccession.Kind


@dataclass(frozen=True)
class Part:
    """One of the areas that another is cut into. ``population`` (people) or ``share`` (0 to 1) says how much of it.

    ``children`` are the paths of the old area's children that come under this part. ``name`` may stay empty where
    the code is that of an area which stands already.
    """

    code: str
    name: str = ""
    population: int | None = None
    share: Fraction | None = None
    children: tuple[str, ...] = ()


@dataclass(frozen=True)
class ReformResult:
    """What a reform did: the paths that ended, the paths that began, every (from, to, share) written."""

    on: date
    ended: tuple[str, ...] = ()
    began: tuple[str, ...] = ()
    successions: tuple[tuple[str, str, Decimal], ...] = ()
    unchanged: bool = False


@transaction.atomic
def merge_areas(
    *,
    from_paths: Sequence[str],
    to: str,
    on: date,
    by: audit.By,
    name: str = "",
    children: Mapping[str, str] | None = None,
    populations: Mapping[str, int] | None = None,
    source: str = "",
    note: str = "",
) -> ReformResult:
    """Several divisions of one level become one from the day ``on``.

    ``to`` is one of them or another that stands (it takes the rest in), or a new code, which needs a ``name``. What
    lies below moves with it under new codes: those of ``children`` (old code -> new code), or, for codes not
    announced yet, the old last three digits where free under the new area, else the next free number. With
    ``populations`` (people by path, all of them) later figures can be told back under the old divisions. The same
    merger said twice changes nothing. Raises ``AreaError``.
    """
    target = path_of(to)
    parts = sorted({path_of(path) for path in from_paths} - {target})
    if not parts:
        raise AreaError("nothing_to_merge", "没有要并入的区划", "there is no division to merge into the other")
    tree = snapshot.tree()
    if _merged_already(tree, parts, target, on):
        return ReformResult(on, unchanged=True)
    work = _Reform(tree, on, by, source, note)
    for path in parts:
        work.need_standing(path)
        _need_same_level(path, target)
    survives = tree.find(target, work.eve) is not None
    if survives:
        work.need_standing(target)
    else:
        work.open_new(target, name)
    back = _back_shares(parts, target, survives, {path_of(path): n for path, n in (populations or {}).items()})
    for path in parts:
        work.move_children(path, target, {path_of(old): path_of(new) for old, new in (children or {}).items()})
        work.close(path)
        work.succeed(path, target, Kind.MERGE, Decimal(1), back.get(path))
    if survives and name:
        work.rename(target, name)
    return work.finish("area.merge", parts[0])


@transaction.atomic
def split_area(
    *, path: str, into: Sequence[Part], on: date, by: audit.By, source: str = "", note: str = ""
) -> ReformResult:
    """One division is cut into several from the day ``on``; it may be one of them itself and keep its code.

    Every part says its population or its share, and which children come under it; a child that nobody claims is an
    error, for its people must live somewhere. A part may be an area that stands already (a boundary moved).
    """
    path = path_of(path)
    tree = snapshot.tree()
    parts = {path_of(part.code): part for part in into}
    if len(parts) != len(into) or len(parts) < 2:
        raise AreaError("split_parts", "拆分至少要有两个不同的部分", "a split needs at least two different parts")
    if _split_already(tree, path, set(parts), on):
        return ReformResult(on, unchanged=True)
    work = _Reform(tree, on, by, source, note)
    work.need_standing(path)
    shares = _shares(parts)
    claims = _claims(tree, path, parts, work.eve)
    for target, part in parts.items():
        _need_same_level(path, target)
        stands = tree.find(target, work.eve)
        if not stands:
            work.open_new(target, part.name)
        elif part.name and target != path and part.name != stands.name:
            work.rename(target, part.name)
    if path in parts and parts[path].name:
        work.rename(path, parts[path].name)
    for child, target in claims.items():
        if target != path:
            work.move_child(child, target, {})
    if path not in parts:
        work.close(path)
    for target, share in shares.items():
        if share:
            work.succeed(path, target, Kind.SPLIT, share, None)
    return work.finish("area.split", path)


@transaction.atomic
def rename_area(*, path: str, name: str, on: date, by: audit.By, source: str = "", note: str = "") -> ReformResult:
    """A division has another name from the day ``on``; its code stays."""
    path = path_of(path)
    tree = snapshot.tree()
    stands = tree.find(path, on)
    if stands and stands.name == " ".join(name.split()):
        return ReformResult(on, unchanged=True)
    work = _Reform(tree, on, by, source, note)
    work.need_standing(path)
    work.rename(path, name)
    return work.finish("area.rename", path)


@dataclass
class _Reform:
    """One reform being written down."""

    tree: Tree
    on: date
    by: audit.By
    source: str
    note: str
    ended: list[str] = field(default_factory=list)
    began: list[str] = field(default_factory=list)
    successions: list[AreaSuccession] = field(default_factory=list)
    opened: list[Area] = field(default_factory=list)
    closed: list[Area] = field(default_factory=list)
    rows: dict[str, Area] = field(default_factory=dict)
    events: list[audit.Event] = field(default_factory=list)

    @property
    def eve(self) -> date:
        return self.on - timedelta(days=1)

    def need_standing(self, path: str) -> Division:
        """The version that stands on the eve; it and everything below must be open, for reforms go in date order."""
        stands = self.tree.find(path, self.eve)
        if stands is None:
            raise AreaError(
                "not_standing",
                f"{self.eve} 没有区划 {path}；只能变更前一天有效的区划，请核对代码和日期",
                f"no division {path} stands on {self.eve}; only one that stands on the eve can change;"
                " check the code and the day",
            )
        later = next(
            (
                row
                for place in [path, *(below.path for below in self.tree.below(path, self.eve))]
                for row in self.tree.versions[place]
                if row.valid_from_on >= self.on or (row.valid_to_on and row.valid_to_on >= self.on)
            ),
            None,
        )
        if later:
            raise AreaError(
                "later_change",
                f"{later.name}（{later.code}）在 {self.on} 当天或以后已登记了变更；变更要按日期先后登记",
                f"{later.code} has a change on record on or after {self.on}; enter changes in the order of their days",
            )
        return stands

    def open_new(self, path: str, name: str) -> None:
        """A new division begins; its code must never have been used and its parent must stand."""
        if path in self.tree.versions:
            raise AreaError(
                "code_used",
                f"代码 {code_of(path)} 用过，停用的代码不能再用；请填新的代码",
                f"code {code_of(path)} has been used before; codes are not used again, give a new one",
            )
        parent = parent_of(path)
        if self.tree.find(parent, self.on) is None and parent not in self.began:
            raise AreaError(
                "parent_unknown",
                f"新区划 {code_of(path)} 的上级 {code_of(parent)} 在 {self.on} 不在区划表中",
                f"the parent {code_of(parent)} of the new division {code_of(path)} does not stand on {self.on}",
            )
        self._open(Area(path=path, name=_checked_name(path, name), source=self.source))

    def _open(self, area: Area) -> None:
        area.code, area.level, area.parent_path = code_of(area.path), level_of(area.path), parent_of(area.path)
        area.valid_from_on = self.on
        self.opened.append(area)
        self.began.append(area.path)

    def close(self, path: str) -> Area:
        area = self._standing_row(path)
        self.closed.append(area)
        self.ended.append(path)
        self._tell("area.end", area, {"valid_to_on": ["", str(self.on)]})
        return area

    def rename(self, path: str, name: str) -> None:
        name = _checked_name(path, name)
        old = self._standing_row(path)
        if old.name == name:
            return
        self.closed.append(old)
        self._tell("area.rename", old, {"name": [old.name, name], "valid_to_on": ["", str(self.on)]})
        self._open(_copy(old, path, name, self.source))

    def _standing_row(self, path: str) -> Area:
        """The open version of an area; everything below it is read along, for it is asked for next."""
        if path not in self.rows:
            low, high = subtree(path)
            found = Area.objects.filter(path__gte=low, path__lt=high, valid_to_on=None)
            self.rows |= {area.path: area for area in found}
        return self.rows[path]

    def succeed(self, origin: str, target: str, kind: str, share: Decimal, back: Decimal | None) -> None:
        self.successions.append(
            AreaSuccession(
                from_path=origin, to_path=target, changed_on=self.on, kind=kind, share=share, back_share=back,
                source=self.source, note=self.note,
            )
        )  # fmt: skip

    def move_children(self, origin: str, target: str, said: Mapping[str, str]) -> None:
        """Every child of ``origin`` comes under ``target``, with all that is below it."""
        for child in self.tree.children(origin, self.eve):
            self.move_child(child.path, target, said)

    def move_child(self, child: str, target: str, said: Mapping[str, str]) -> None:
        new = said.get(child) or self._free_code(child, target)
        if parent_of(new) != target or new in self.tree.versions or new in self.began:
            raise AreaError(
                "child_code",
                f"{code_of(child)} 的新代码 {code_of(new)} 不在 {code_of(target)} 之下，或已经用过",
                f"the new code {code_of(new)} of {code_of(child)} does not lie under {code_of(target)}, or is used",
            )
        below = [row.path for row in self.tree.below(child, self.eve)]
        for place in [child, *below]:
            old = self.close(place)
            moved = new + place[len(child) :]
            self._open(_copy(old, moved, old.name, self.source))
            self.succeed(place, moved, Kind.RECODE, Decimal(1), None)

    def _free_code(self, child: str, target: str) -> str:
        """The child's own last digits where they are free, else the next free number of the same hundred, then any."""
        width = len(child) - len(parent_of(child))
        used = {*self.tree.versions, *self.began}
        own = int(child[-width:])
        top = 10**width
        hundred = own // 100 * 100
        order = [own, *range(max(hundred, 1), min(hundred + 100, top)), *range(1, top)]
        for number in order:
            code = target.ljust(len(child) - width, "0") + str(number).zfill(width)
            if code not in used:
                return code
        raise AreaError(
            "no_free_code",
            f"{code_of(target)} 之下没有空余的代码，请在 children 中写明新代码",
            f"there is no free code under {code_of(target)}; give the new codes",
        )

    def finish(self, action: str, subject_path: str) -> ReformResult:
        for start in range(0, len(self.closed), BATCH_ROWS):
            ids = [area.id for area in self.closed[start : start + BATCH_ROWS]]
            Area.objects.filter(id__in=ids).update(valid_to_on=self.on)
        Area.objects.bulk_create(self.opened)
        AreaSuccession.objects.bulk_create(self.successions)
        for area in self.opened:
            self._tell("area.begin", area, {"name": ["", area.name], "valid_from_on": ["", str(self.on)]})
        pairs = {f"{row.from_path}>{row.to_path}": ["", str(row.share.normalize())] for row in self.successions}
        subject = self._standing_row(subject_path)
        self.events.append(
            audit.Event(action, LEDGER, str(subject.id), self.by, subject.path, pairs, len(pairs) or 1, self.note)
        )
        audit.record_many(self.events)
        return ReformResult(
            on=self.on,
            ended=tuple(self.ended),
            began=tuple(self.began),
            successions=tuple((row.from_path, row.to_path, row.share) for row in self.successions),
        )

    def _tell(self, action: str, area: Area, changes: dict[str, list[str]]) -> None:
        self.events.append(audit.Event(action, LEDGER, str(area.id), self.by, area.path, changes, note=self.source))


def _copy(old: Area, path: str, name: str, source: str) -> Area:
    return Area(
        path=path, name=name, urban_rural=old.urban_rural, lon=old.lon, lat=old.lat, seat_datum=old.seat_datum,
        seat_source=old.seat_source, source=source or old.source,
    )  # fmt: skip


def _checked_name(path: str, name: str) -> str:
    name = " ".join(name.split())
    if not name or len(name) > NAME_MAX:
        raise AreaError(
            "name_missing",
            f"请填写 {code_of(path)} 的名称（不超过 {NAME_MAX} 个字）",
            f"write the name of {code_of(path)} (at most {NAME_MAX} characters)",
        )
    return name


def _need_same_level(path: str, target: str) -> None:
    if level_of(path) != level_of(target) or level_of(path) in ("province", "city"):
        raise AreaError(
            "level_mismatch",
            f"{path} 与 {target} 不是同一级别，或级别高于县；只能合并或拆分同级的县、乡、村或网格",
            f"{path} and {target} are not of one level, or stand above the county; only counties, townships,"
            " villages or grids of one level merge or split",
        )


def _merged_already(tree: Tree, parts: Sequence[str], target: str, on: date) -> bool:
    done = {row.from_path for row in tree.changes if row.to_path == target and row.changed_on == on}
    return set(parts) <= done


def _split_already(tree: Tree, path: str, parts: set[str], on: date) -> bool:
    done = {row.to_path for row in tree.changes if row.from_path == path and row.changed_on == on}
    return bool(done) and done <= parts


def _back_shares(
    parts: Sequence[str], target: str, survives: bool, populations: Mapping[str, int]
) -> dict[str, Decimal | None]:
    """The part of the merged area that came from each: by population, or the whole for a lone predecessor."""
    everyone = [*parts, target] if survives else list(parts)
    if not populations:
        return {parts[0]: Decimal(1)} if everyone == [parts[0]] else {}
    missing = [path for path in everyone if path not in populations]
    if missing or min(populations.values()) < 0 or not sum(populations[path] for path in everyone):
        raise AreaError(
            "populations",
            f"人口数要对参与合并的每个区划填写且不为负：{'、'.join(missing or everyone)}",
            f"give the population of every division of the merger, none negative: {', '.join(missing or everyone)}",
        )
    total = sum(populations[path] for path in everyone)
    return dict(_to_decimals({path: Fraction(populations[path], total) for path in everyone}))


def _shares(parts: Mapping[str, Part]) -> dict[str, Decimal]:
    """Shares that add up to 1 exactly, from populations or from stated shares."""
    if all(part.population is not None for part in parts.values()):
        total = sum(part.population or 0 for part in parts.values())
        if total > 0 and all((part.population or 0) >= 0 for part in parts.values()):
            return _to_decimals({path: Fraction(part.population or 0, total) for path, part in parts.items()})
    elif all(part.share is not None for part in parts.values()):
        stated = {path: Fraction(part.share or 0) for path, part in parts.items()}
        if all(share >= 0 for share in stated.values()) and abs(sum(stated.values()) - ONE) <= Fraction(1, 10**6):
            return _to_decimals(stated)
    raise AreaError(
        "split_shares",
        "每个部分都要填人口数（不为负，合计大于 0），或都填占比（合计为 1）",
        "give every part's population (none negative, some people), or every part's share (adding up to 1)",
    )


def _to_decimals(exact: Mapping[str, Fraction]) -> dict[str, Decimal]:
    """Twelve decimals; what rounding leaves over goes to the largest, so that the sum is 1 exactly."""
    rounded = {
        path: (Decimal(share.numerator) / Decimal(share.denominator)).quantize(SHARE_STEP)
        for path, share in exact.items()
    }
    largest = max(rounded, key=lambda path: (rounded[path], path))
    rounded[largest] += 1 - sum(rounded.values())
    return rounded


def _claims(tree: Tree, path: str, parts: Mapping[str, Part], eve: date) -> dict[str, str]:
    """Child path -> the part that takes it; every child exactly once."""
    mine = {child.path: child for child in tree.children(path, eve)}
    claims: dict[str, str] = {}
    for target, part in parts.items():
        for child in map(path_of, part.children):
            if child not in mine or child in claims:
                raise AreaError(
                    "split_child",
                    f"{code_of(child)} 不是 {code_of(path)} 的下级，或被两个部分同时列出",
                    f"{code_of(child)} is no child of {code_of(path)}, or two parts claim it",
                )
            claims[child] = target
    unclaimed = [child for code, child in mine.items() if code not in claims]
    if unclaimed:
        listed = "、".join(f"{child.name}（{child.code}）" for child in unclaimed)
        raise AreaError(
            "split_unclaimed",
            f"拆分后这些下级没有归属，请写明归哪一部分：{listed}",
            "say which part takes each child: " + ", ".join(child.code for child in unclaimed),
        )
    return claims
