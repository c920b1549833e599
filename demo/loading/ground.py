"""Divisions from the facts, and the grids that workers answer for."""

from __future__ import annotations

from datetime import date

from demo.loading import marks
from demo.loading.plan import FOLDER, Plan
from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.areas.actions.division import import_divisions
from tongchou.places.models import GridCell
from tongchou.zones.models import AreaPopulation

CENSUS_ON = date(2020, 11, 1)


class DemoBroken(Exception):
    """The demo's own files do not fit the product."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


def load_divisions(plan: Plan) -> None:
    """Province, city, counties, townships, villages: by the importer that a city uses."""
    if marks.done("divisions"):
        return
    with marks.step("divisions") as rows:
        file = (FOLDER / "facts" / "divisions.csv").read_bytes()
        result = import_divisions(
            file=file, valid_from_on=plan.settings["valid_from_on"], by=SYSTEM.by, source="demo/facts/divisions.csv"
        )
        _demand_whole(result)
        rows.append(result.rows)


def load_populations(plan: Plan) -> None:
    """The census's population of each county and of the city, for rates per 100,000 (real figures)."""
    if marks.done("populations"):
        return
    counts = {county.code: county.persons for county in plan.counties}
    counts[plan.city] = sum(counts.values())
    with marks.step("populations") as rows:
        AreaPopulation.objects.bulk_create(
            AreaPopulation(area_path=path, counted_on=CENSUS_ON, persons=persons, source="第七次全国人口普查 demo/facts/census_county.csv")
            for path, persons in counts.items()
        )
        audit.record("enter_population", ledger="area", object_id=plan.city, by=SYSTEM.by, area=plan.city, count=len(counts))
        rows.append(len(counts))


def load_grids(plan: Plan) -> None:
    """The grids as divisions below their villages and as cells with their number of households."""
    if marks.done("grids"):
        return
    now = citytime.now()
    with marks.step("grids") as rows:
        result = import_divisions(
            rows=[{"code": grid.path, "name": grid.name, "level": "grid", "parent": grid.village} for grid in plan.grids],
            valid_from_on=plan.settings["valid_from_on"],
            by=SYSTEM.by,
            source="demo: invented grids",
        )
        _demand_whole(result)
        cells = [
            GridCell(
                area_path=grid.path, name=grid.name, household_count=grid.households, invented=True, created_at=now, updated_at=now
            )
            for grid in plan.grids
        ]
        GridCell.objects.bulk_create(cells)
        audit.record("create_grids", ledger="grid", object_id="", by=SYSTEM.by, area=plan.city, count=len(cells))
        rows.append(len(cells))


def _demand_whole(result) -> None:
    if result.refused or result.rejected:
        first = result.reasons[0]
        raise DemoBroken(f"演示区划第 {first.row} 行：{first.zh}", f"demo divisions, row {first.row}: {first.en}")
