"""How a case ends: discharge by the rule of release, transfer to another area, death."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date
from typing import Any

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.outbreak import release
from tongchou.outbreak.actions.case import check_case, locked
from tongchou.outbreak.models import Case
from tongchou.outbreak.words import OUTCOME
from tongchou.refusal import Refusal


@transaction.atomic
def discharge_case(
    *,
    case: Case,
    criteria: Mapping[str, Any],
    by: Actor,
    discharged_on: date | None = None,
    recovered_on: date | None = None,
) -> Case:
    """Discharge a recovered case. Refused, with what is missing, while the rule of release in force is not met."""
    row = _ill(case)
    day = discharged_on or citytime.today()
    finding = release.judge_discharge(row, criteria, day=day)
    if finding.met is False:
        raise Refusal(finding.text("zh"), finding.text("en"), code="release_not_met", field="criteria")
    row.discharged_on, row.recovered_on, row.outcome = (
        day,
        recovered_on or row.recovered_on or day,
        Case.Outcome.RECOVERED,
    )
    return _ended(
        row,
        "discharge",
        by,
        ("discharged_on", "recovered_on", "outcome"),
        note=f"{finding.definition_id} {finding.version}",
    )


@transaction.atomic
def move_case(*, case: Case, to_area: str, by: Actor, moved_on: date | None = None) -> Case:
    """The patient was moved to a hospital of another area (``to_area``: its name) and is followed up there."""
    row = _ill(case)
    if not to_area.strip():
        raise Refusal("请填写转往何地", "say where the patient was moved", code="required", field="to_area")
    row.moved_on, row.outcome = moved_on or citytime.today(), Case.Outcome.MOVED
    return _ended(row, "move", by, ("moved_on", "outcome"), note=to_area)


@transaction.atomic
def record_death(*, case: Case, by: Actor, died_on: date | None = None) -> Case:
    """The patient died."""
    row = locked(case)
    if row.outcome == Case.Outcome.DIED:
        raise Refusal("该病例已登记死亡", "this case's death is recorded already", code="ended")
    row.died_on, row.outcome = died_on or citytime.today(), Case.Outcome.DIED
    return _ended(row, "death", by, ("died_on", "outcome"))


def _ill(case: Case) -> Case:
    row = locked(case)
    if row.status == Case.Status.EXCLUDED:
        raise Refusal("已排除的病例没有转归", "an excluded case has no outcome", code="excluded")
    if row.outcome != Case.Outcome.ILL:
        raise Refusal(
            f"该病例已{OUTCOME[row.outcome][0]}",
            f"this case has ended already: {OUTCOME[row.outcome][1]}",
            code="ended",
        )
    return row


def _ended(row: Case, action: str, by: Actor, fields: tuple[str, ...], note: str = "") -> Case:
    check_case(row, now=citytime.now())
    row.changed_at = citytime.now()
    row.save(update_fields=[*fields, "changed_at"])
    audit.record(action, ledger="case", object_id=row.id, by=by.by, area=row.area_path, note=note)
    return row
