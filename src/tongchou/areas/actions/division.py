"""Divisions come in by the file: every row is accounted for, nothing is deleted, the same file twice changes nothing."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import date, timedelta
from typing import Any

from django.db import transaction

from tongchou import audit
from tongchou.areas import sheet, snapshot
from tongchou.areas.codes import code_of
from tongchou.areas.drafts import Draft, Reason, RowError, draft
from tongchou.areas.errors import AreaError
from tongchou.areas.models import Area
from tongchou.areas.tree import Division, Tree

LEDGER = "area"
CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"
_SEAT = ("lon", "lat", "seat_datum", "seat_source")
_BATCH_ROWS = 500


@dataclass(frozen=True)
class ImportResult:
    """What became of a file: ``rows = created + updated + unchanged + rejected``, or it was refused as a whole."""

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    refused: bool = False
    reasons: tuple[Reason, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self) | {"reasons": [asdict(reason) for reason in self.reasons]}


class _RolledBack(Exception):
    """Ends the transaction of a dry run."""


def import_divisions(
    *,
    valid_from_on: date,
    by: audit.By,
    rows: Iterable[Mapping[str, Any]] | None = None,
    file: bytes | None = None,
    source: str = "",
    datum: str = "",
    seat_source: str = "",
    reach: Sequence[str] = ("",),
    dry_run: bool = False,
) -> ImportResult:
    """Take divisions in from a CSV file's bytes or from rows; columns are those of ``sheet.COLUMNS``.

    ``valid_from_on`` holds for rows that name no day of their own; ``datum`` and ``seat_source`` likewise. Rows may
    come in any order. A row whose parent is in neither the tree nor the file is rejected; so are its own children.
    A changed name or urban-rural class at a later day makes a new version and closes the old one; at the same day it
    corrects the version. ``reach`` holds the paths below which the caller may write; areas above them may come along.
    A file that cannot be read at all is refused (``refused``, one reason with row 0). The file enters in one
    transaction, so nobody meets half a tree: about two seconds for the 5,100 divisions of a large city.
    """
    try:
        numbered = sheet.read(file) if file is not None else list(sheet.numbered(rows or ()))
        if not numbered:
            raise AreaError("file_empty", "文件里没有数据行", "the file has no rows below its header")
    except AreaError as error:
        return ImportResult(refused=True, reasons=(Reason(0, "", error.code, error.zh, error.en),))
    work = _Import(source, tuple(reach))
    try:
        with transaction.atomic():
            work.take(numbered, {"valid_from_on": valid_from_on, "datum": datum, "seat_source": seat_source})
            work.write(by)
            if dry_run:
                raise _RolledBack
    except _RolledBack:
        snapshot.forget()
    return work.result(len(numbered))


@dataclass
class _Import:
    """One file on its way in."""

    source: str
    reach: tuple[str, ...]
    tree: Tree = field(default_factory=snapshot.tree)
    versions: dict[str, list[Area]] = field(default_factory=dict)
    drafts: dict[str, list[Draft]] = field(default_factory=dict)
    outcomes: Counter[str] = field(default_factory=Counter)
    reasons: list[Reason] = field(default_factory=list)
    opened: list[Area] = field(default_factory=list)
    changed: dict[Any, tuple[Area, dict[str, list[str]]]] = field(default_factory=dict)

    def take(self, numbered: Sequence[tuple[int, dict[str, str]]], defaults: Mapping[str, Any]) -> None:
        """Check every row by itself, then against the tree, upper levels first."""
        self.tree = snapshot.tree()
        for row, cells in numbered:
            try:
                one = draft(row, cells, **defaults)
                self._refuse_foreign(one)
                self._refuse_double(one)
                self.drafts.setdefault(one.path, []).append(one)
            except RowError as error:
                self._reject(row, error)
        for start in range(0, len(self.drafts), _BATCH_ROWS):
            for area in Area.objects.filter(path__in=list(self.drafts)[start : start + _BATCH_ROWS]):
                self.versions.setdefault(area.path, []).append(area)
        accepted = [one for drafts in self.drafts.values() for one in drafts]
        for one in sorted(accepted, key=lambda one: (len(one.path), one.path, one.valid_from_on)):
            try:
                self.outcomes[self._apply(one)] += 1
            except RowError as error:
                self._reject(one.row, error)

    def write(self, by: audit.By) -> None:
        """Write what was accepted, each division with its own audit line."""
        Area.objects.bulk_create(self.opened, batch_size=_BATCH_ROWS)
        fields = ["name", "urban_rural", *_SEAT, "source", "valid_from_on", "valid_to_on"]
        new = {area.id for area in self.opened}
        kept = [area for key, (area, _) in self.changed.items() if key not in new]
        Area.objects.bulk_update(kept, fields, batch_size=_BATCH_ROWS)
        events = [
            audit.Event("area.create", LEDGER, str(area.id), by, area.path, _values(area), note=self.source)
            for area in self.opened
        ] + [
            audit.Event("area.change", LEDGER, str(area.id), by, area.path, self.changed[area.id][1], note=self.source)
            for area in kept
        ]
        audit.record_many(events)

    def result(self, rows: int) -> ImportResult:
        return ImportResult(
            rows=rows,
            created=self.outcomes[CREATED],
            updated=self.outcomes[UPDATED],
            unchanged=self.outcomes[UNCHANGED],
            rejected=self.outcomes[REJECTED],
            reasons=tuple(sorted(self.reasons, key=lambda one: one.row)),
        )

    def _reject(self, row: int, error: RowError) -> None:
        self.outcomes[REJECTED] += 1
        self.reasons.append(error.at(row))

    def _refuse_foreign(self, one: Draft) -> None:
        """Rows below the caller's reach come in; an area above it only where the tree has none of that code yet."""
        above = any(path.startswith(one.path) for path in self.reach) and one.path not in self.tree.versions
        if not above and not one.path.startswith(self.reach):
            standing = self.tree.find(one.path, one.valid_from_on)
            if standing and standing.name == one.name and any(path.startswith(one.path) for path in self.reach):
                return
            raise RowError(
                "code", "out_of_scope",
                f"{one.code} 不在您的辖区之内，不能导入；请由其所在地的岗位办理",
                f"{one.code} lies outside your area and is not taken in; a post of its own area may do it",
            )  # fmt: skip

    def _refuse_double(self, one: Draft) -> None:
        for other in self.drafts.get(one.path, ()):
            if other.valid_from_on == one.valid_from_on:
                raise RowError(
                    "code", "row_doubled",
                    f"代码 {one.code} 在第 {other.row} 行已经出现，生效日期相同",
                    f"code {one.code} stands in row {other.row} already, with the same first day",
                )  # fmt: skip

    def _known(self, path: str) -> Sequence[Area | Division]:
        return self.versions.get(path) or self.tree.versions.get(path, ())

    def _apply(self, one: Draft) -> str:
        """Fold one row into the versions of its division; says what it did."""
        self._need_parent(one)
        rows = sorted(self.versions.get(one.path, []), key=lambda row: row.valid_from_on)
        if not rows:
            self._open(one, one.valid_from_on, one.valid_to_on)
            return CREATED
        standing = next((row for row in rows if _covers(row, one.valid_from_on)), None)
        if standing is None:
            return self._before_or_after(one, rows)
        content = _content(one, standing)
        if not one.path.startswith(self.reach):
            return UNCHANGED  # an area above the caller's reach, named for its children's sake
        if one.valid_to_on != standing.valid_to_on and one.valid_to_on:
            self._need_free_end(one, standing, one.valid_to_on)
            content["valid_to_on"] = one.valid_to_on
        renamed = {"name", "urban_rural"} & {key for key in content if getattr(standing, key)}
        if not content:
            return UNCHANGED
        if renamed and one.valid_from_on > standing.valid_from_on:
            if standing.valid_to_on:
                raise _history(one, standing)
            self._change(standing, {"valid_to_on": one.valid_from_on})
            self._open(one, one.valid_from_on, one.valid_to_on, standing)
        else:
            self._change(standing, content)
        return UPDATED

    def _before_or_after(self, one: Draft, rows: Sequence[Area]) -> str:
        """A row for a day on which the division is not known to stand: earlier history, or a code that has ended."""
        first, last = rows[0], rows[-1]
        if one.valid_from_on >= last.valid_from_on:
            raise RowError(
                "code", "code_ended",
                f"代码 {one.code}（{last.name}）已于 {last.valid_to_on} 停用，停用的代码不能再用；请核对代码或日期",
                f"code {one.code} ({last.name}) ended on {last.valid_to_on} and is not used again;"
                " check the code or the day",
            )  # fmt: skip
        if one.valid_from_on > first.valid_from_on or self._was_born_of_change(first):
            raise _history(one, first)
        if one.valid_to_on and one.valid_to_on != first.valid_from_on:
            raise _history(one, first)
        content = _content(one, first)
        if {"name", "urban_rural"} & {key for key in content if getattr(first, key)}:
            self._open(one, one.valid_from_on, first.valid_from_on)
        else:
            self._change(first, {"valid_from_on": one.valid_from_on} | content)
        return UPDATED

    def _was_born_of_change(self, first: Area) -> bool:
        return any(
            change.to_path == first.path and change.changed_on == first.valid_from_on for change in self.tree.changes
        )

    def _need_parent(self, one: Draft) -> None:
        if one.level == "province" or (one.level == "city" and not self._known(one.parent_path)):
            return  # a city's own file may begin at the city
        rows = sorted(self._known(one.parent_path), key=lambda row: row.valid_from_on)
        if not rows:
            raise RowError(
                "code", "parent_unknown",
                f"上级区划 {code_of(one.parent_path)} 不在区划表中，也不在本文件可用的行中；请先导入上级",
                f"the division above, {code_of(one.parent_path)}, is neither in the tree nor accepted from this file;"
                " import it first",
            )  # fmt: skip
        end = rows[-1].valid_to_on
        lasts = end is None or (one.valid_to_on is not None and one.valid_to_on <= end)
        if one.valid_from_on < rows[0].valid_from_on or (not lasts and not self._ended_already(one)):
            raise RowError(
                "valid_from_on", "outlives_parent",
                f"上级 {rows[-1].name} 的有效期是 {rows[0].valid_from_on} 至 {end or '今'}，本行超出了上级的有效期",
                f"the division above stands from {rows[0].valid_from_on} to {end or 'now'}; this row reaches beyond it",
            )  # fmt: skip

    def _ended_already(self, one: Draft) -> bool:
        """The row repeats a division that has been closed since; its days are not asked to change."""
        return any(_covers(row, one.valid_from_on) and row.valid_to_on for row in self._known(one.path))

    def _need_free_end(self, one: Draft, standing: Area, end: date) -> None:
        """A division may be closed by its row when it is open and nothing below it stays open."""
        if standing.valid_to_on:
            raise _history(one, standing)
        for below in [*self.tree.below(one.path, end), *self.tree.below(one.path, end - timedelta(days=1))]:
            lasts = [below.valid_to_on, *(row.valid_to_on for row in self.drafts.get(below.path, ()))]
            if not any(last and last <= end for last in lasts):
                raise RowError(
                    "valid_to_on", "children_remain",
                    f"{end} 停用 {one.name} 之前，要先为下级 {below.name}（{below.code}）填写失效日期，"
                    "或用合并、拆分命令处理",
                    f"before {one.code} ends on {end}, {below.code} below it needs a last day too,"
                    " or use the merge or split command",
                )  # fmt: skip

    def _open(self, one: Draft, from_on: date, to_on: date | None, standing: Area | None = None) -> None:
        inherited = {name: getattr(standing, name) for name in ("urban_rural", *_SEAT)} if standing else {}
        given = {name: getattr(one, name) for name in ("urban_rural", *_SEAT) if getattr(one, name) not in ("", None)}
        area = Area(
            code=one.code, path=one.path, parent_path=one.parent_path, name=one.name, level=one.level,
            source=self.source, valid_from_on=from_on, valid_to_on=to_on, **(inherited | given),
        )  # fmt: skip
        self.opened.append(area)
        self.versions.setdefault(one.path, []).append(area)

    def _change(self, area: Area, values: Mapping[str, Any]) -> None:
        told = self.changed.setdefault(area.id, (area, {}))[1]
        sourced = {"source": self.source} if self.source else {}
        for name, value in (sourced | dict(values)).items():
            before = getattr(area, name)
            if before != value:
                told[name] = [told.get(name, [_text(before)])[0], _text(value)]
                setattr(area, name, value)


def _covers(row: Area | Division, day: date) -> bool:
    return row.valid_from_on <= day and (row.valid_to_on is None or day < row.valid_to_on)


def _content(one: Draft, standing: Area) -> dict[str, Any]:
    """What the row says otherwise than the version; an empty cell says nothing."""
    said = {name: getattr(one, name) for name in ("name", "urban_rural", *_SEAT)}
    return {name: value for name, value in said.items() if value not in ("", None) and value != getattr(standing, name)}


def _history(one: Draft, standing: Area | Division) -> RowError:
    return RowError(
        "valid_from_on", "history_differs",
        f"{one.code} 在 {standing.valid_from_on} 至 {standing.valid_to_on or '今'} 已登记为“{standing.name}”，"
        "导入不能改写已经发生的变更；请核对日期",
        f"{one.code} is on record as '{standing.name}' from {standing.valid_from_on} to {standing.valid_to_on or 'now'};"
        " an import does not rewrite a change that has taken place; check the days",
    )  # fmt: skip


def _values(area: Area) -> dict[str, list[str]]:
    names = ("code", "name", "level", "urban_rural", *_SEAT, "valid_from_on", "valid_to_on")
    return {name: ["", _text(getattr(area, name))] for name in names if getattr(area, name) not in ("", None)}


def _text(value: Any) -> str:
    return "" if value is None else str(value)
