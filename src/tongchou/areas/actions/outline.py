"""A city's own outlines come in from GeoJSON, with the datum and the source that they were drawn in."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from django.db import transaction

from tongchou import audit, citytime
from tongchou.areas import codes, geometry, snapshot
from tongchou.areas.drafts import Reason, RowError
from tongchou.areas.errors import AreaError
from tongchou.areas.models import AreaOutline, Datum
from tongchou.areas.tree import Division

LEDGER = "area_outline"
CREATED, UPDATED, UNCHANGED, REJECTED = "created", "updated", "unchanged", "rejected"


@dataclass(frozen=True)
class OutlineResult:
    """What became of a file: ``rows`` (features) = created + updated + unchanged + rejected, or it was refused.

    ``reasons`` name features by their place in the file (from 1); ``warnings`` are for outlines that were taken;
    ``missing`` lists areas of the same levels under the same parents that the file has no outline for.
    """

    rows: int = 0
    created: int = 0
    updated: int = 0
    unchanged: int = 0
    rejected: int = 0
    refused: bool = False
    reasons: tuple[Reason, ...] = ()
    warnings: tuple[Reason, ...] = ()
    missing: tuple[str, ...] = ()

    def as_dict(self) -> dict[str, Any]:
        return asdict(self)


def import_outlines(*, file: bytes, datum: str, source: str, by: audit.By, dry_run: bool = False) -> OutlineResult:
    """Take outlines in from a GeoJSON FeatureCollection; each feature is matched by its code, else by a lone name.

    ``datum`` is one of WGS-84, CGCS2000, GCJ-02, BD-09 and is stored, never guessed; ``source`` says whose drawing
    it is. A newer outline of an area replaces the older one, which is kept with the time of its replacement.
    """
    try:
        datum = _known_datum(datum)
        if not source.strip():
            raise AreaError("source_missing", "请写明边界的来源", "say where the outlines come from")
        found = geometry.features(file)
    except AreaError as error:
        return OutlineResult(refused=True, reasons=(Reason(0, "", error.code, error.zh, error.en),))
    work = _Outlines(datum, source.strip(), hashlib.sha256(file).hexdigest())
    work.judge(found)
    if not dry_run:
        work.write(by)
    return work.result(len(found))


def _known_datum(text: str) -> str:
    for datum in Datum.values:
        if datum and datum.casefold() == text.strip().casefold():
            return datum
    raise AreaError(
        "datum_unknown",
        f"坐标系“{text}”不可用，请填 WGS-84、CGCS2000、GCJ-02 或 BD-09；混用坐标系会使边界偏移数百米",
        f"datum '{text}' is not known; say WGS-84, CGCS2000, GCJ-02 or BD-09: a wrong one is hundreds of metres off",
    )


class _Outlines:
    """One file of outlines on its way in."""

    def __init__(self, datum: str, source: str, digest: str) -> None:
        self.datum, self.source, self.digest = datum, source, digest
        self.tree, self.today = snapshot.tree(), citytime.today()
        self.taken: dict[str, tuple[int, dict[str, Any]]] = {}
        self.outcomes: Counter[str] = Counter()
        self.reasons: list[Reason] = []
        self.warnings: list[Reason] = []
        self.new: list[tuple[str, dict[str, Any], AreaOutline | None]] = []

    def judge(self, found: list[Mapping[str, Any]]) -> None:
        for number, feature in enumerate(found, start=1):
            try:
                area = self._match(feature)
                if area.path in self.taken:
                    raise AreaError(
                        "feature_doubled",
                        f"{area.name}（{area.code}）的边界在第 {self.taken[area.path][0]} 个要素已经出现",
                        f"{area.code} has its outline in feature {self.taken[area.path][0]} already",
                    )
                shape = geometry.checked(feature.get("geometry"))
                self.taken[area.path] = (number, shape)
                self._warn_of_seat(number, area, shape)
            except AreaError as error:
                self.outcomes[REJECTED] += 1
                self.reasons.append(Reason(number, "geometry", error.code, error.zh, error.en))
        self._compare()

    def _match(self, feature: Mapping[str, Any]) -> Division:
        code, name = geometry.code_of_feature(feature)
        if code:
            try:
                area = self.tree.last_known(codes.path_of(code), self.today)
            except AreaError:
                area = None
        else:
            named = self.tree.named(name, self.today) if name else []
            area = named[0] if len(named) == 1 else None
        if area is None:
            said = f"{name} {code}".strip() or "（无代码无名称）"
            raise RowError(
                "code", "area_unmatched",
                f"要素“{said}”对不上区划表中的任何区划，请在属性 code 中填写区划代码",
                f"feature '{name} {code}' matches no division; write its code in the property 'code'",
            )  # fmt: skip
        return area

    def _warn_of_seat(self, number: int, area: Division, shape: Mapping[str, Any]) -> None:
        if area.lon is None or area.lat is None or geometry.holds(shape, area.lon, area.lat):
            return
        other = area.seat_datum and area.seat_datum != self.datum
        hint_zh = f"；驻地坐标系是 {area.seat_datum}，边界是 {self.datum}，差别可能来自坐标系" if other else ""
        hint_en = f"; the seat is in {area.seat_datum}, the outline in {self.datum}, which may be why" if other else ""
        self.warnings.append(
            Reason(
                number, "geometry", "seat_outside_outline",
                f"{area.name} 的驻地不在所给边界内，请核对边界或坐标系{hint_zh}",
                f"the seat of {area.code} lies outside its outline; check the outline or the datum{hint_en}",
            )
        )  # fmt: skip

    def _compare(self) -> None:
        current = {
            row.area_path: row
            for row in AreaOutline.objects.filter(area_path__in=list(self.taken), replaced_at=None)
        }
        for path, (_, shape) in self.taken.items():
            old = current.get(path)
            if old and (old.geometry, old.datum, old.source) == (shape, self.datum, self.source):
                self.outcomes[UNCHANGED] += 1
                continue
            self.outcomes[UPDATED if old else CREATED] += 1
            self.new.append((path, shape, old))

    @transaction.atomic
    def write(self, by: audit.By) -> None:
        now = citytime.now()
        old = [row.id for _, _, row in self.new if row]
        AreaOutline.objects.filter(id__in=old).update(replaced_at=now)
        rows = [
            AreaOutline(
                area_path=path, geometry=shape, datum=self.datum, source=self.source, file_sha256=self.digest,
                imported_at=now,
            )
            for path, shape, _ in self.new
        ]  # fmt: skip
        AreaOutline.objects.bulk_create(rows)
        audit.record_many(
            [
                audit.Event(
                    "outline.import", LEDGER, str(row.id), by, row.area_path,
                    {"datum": ["", self.datum], "source": ["", self.source], "file_sha256": ["", self.digest]},
                )
                for row in rows
            ]
        )  # fmt: skip

    def result(self, rows: int) -> OutlineResult:
        around = {(codes.parent_of(path), codes.level_of(path)) for path in self.taken}
        missing = [
            area.path
            for parent, level in sorted(around)
            for area in self.tree.below(parent, self.today, level)
            if area.parent_path == parent and area.path not in self.taken
        ]
        return OutlineResult(
            rows=rows,
            created=self.outcomes[CREATED],
            updated=self.outcomes[UPDATED],
            unchanged=self.outcomes[UNCHANGED],
            rejected=self.outcomes[REJECTED],
            reasons=tuple(self.reasons),
            warnings=tuple(self.warnings),
            missing=tuple(missing),
        )
