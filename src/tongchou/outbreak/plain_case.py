"""A case that comes in as plain data, by form, sheet or API: what is derived, refused and started.

A sheet of cases may carry the status and its day for new rows (a line list of the past); on a row that stands
they move only by an action.
"""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.outbreak import deadlines, definitions
from tongchou.outbreak.actions.case import STATUS_DAY, check_case
from tongchou.outbreak.models import Case, CaseStatus, Outbreak
from tongchou.refusal import Refusal, Refusals

# Columns that an action moves; plain data may set them only on a new row.
MOVED_BY_ACTION = {
    "status": ("病例状态", "status"),
    "confirmed_on": ("确诊日期", "day of confirmation"),
    "discharged_on": ("出院日期", "day of discharge"),
    "died_on": ("死亡日期", "day of death"),
}
_MEMORY_SECONDS = 2.0


class _Memory:
    """Definitions and outbreaks looked up for a batch of rows; it forgets after the batch, or after two seconds."""

    def __init__(self) -> None:
        self.forget()

    def forget(self) -> None:
        self.definitions: dict[tuple[date, str, str, str], definitions.Finding] = {}
        self.outbreaks: list[Outbreak] | None = None
        self.since = time.monotonic()

    def fresh(self) -> _Memory:
        if time.monotonic() - self.since > _MEMORY_SECONDS:
            self.forget()
        return self


_memory = _Memory()


def prepare(row: Case, values: Mapping[str, Any]) -> None:
    """Derive and check one case before it is saved. Raises Refusals."""
    if not row._state.adding:
        _refuse_moves(row, values)
    now = citytime.now()
    if row._state.adding:
        _derive_new(row, now)
    row.area_path = definitions.counts_to(row)
    if not row.area_path:
        raise Refusal(
            "现住地区和发病地区至少填一项，病例才能计入地区",
            "give the area of residence or of onset, so that the case counts to an area",
            code="required",
            field="residence_path",
        )
    check_case(row, now=now)
    row.changed_at = now
    if row._state.adding:
        finding = _definition(row)
        row.definition_id, row.definition_version = finding.definition_id, finding.version


def entered(created: Sequence[Case], by: Actor) -> None:
    """Write the first step of every new case and start what is still owed for it, inside the same transaction."""
    _memory.forget()
    CaseStatus.objects.bulk_create(
        CaseStatus(
            case=row,
            at=row.reported_at or row.found_at,
            status=row.status,
            definition_id=row.definition_id,
            definition_version=row.definition_version,
            by_post=by.post_id,
        )
        for row in created
    )
    for row in created:
        if _still_owed(row):
            deadlines.start(row, at=row.found_at, step=row.status, reported_at=row.reported_at, by=by)


def _still_owed(row: Case) -> bool:
    """A case of the past that came with its end (a line list) owes no report and no investigation any more."""
    return row.outcome == Case.Outcome.ILL and row.status != Case.Status.EXCLUDED


def _refuse_moves(row: Case, values: Mapping[str, Any]) -> None:
    stands = Case.objects.filter(pk=row.pk).values(*MOVED_BY_ACTION).first() or {}
    problems = [
        Refusal(
            f"{zh}不能直接改写，请在病例页用“办理”改变",
            f"the {en} cannot be overwritten: use an action on the case's page",
            code="by_action_only",
            field=field,
        )
        for field, (zh, en) in MOVED_BY_ACTION.items()
        if field in values and getattr(row, field) != stands.get(field)
    ]
    if problems:
        raise Refusals(problems)


def _derive_new(row: Case, now: datetime) -> None:
    if row.outbreak_id is None:
        row.outbreak = _only_outbreak()
    day_field = STATUS_DAY[Case.Status(row.status)]
    day = getattr(row, day_field) or row.confirmed_on
    if row.found_at is None:
        row.found_at = row.reported_at or (min(citytime.at_hour(day, 12), now) if day else now)
    if getattr(row, day_field) is None:
        setattr(row, day_field, citytime.day_of(row.reported_at or row.found_at))
    if row.died_on:
        row.outcome = Case.Outcome.DIED
    elif row.discharged_on:
        row.outcome, row.recovered_on = Case.Outcome.RECOVERED, row.discharged_on
    if row.person is not None and not row.sex and row.person.sex in Case.Sex.values:
        row.sex = row.person.sex
    row.residence_path = row.residence_path or (row.person.area_path if row.person else "")
    row.case_no = row.case_no or f"{row.outbreak.code}-{row.id.hex[-10:].upper()}"


def _only_outbreak() -> Outbreak:
    memory = _memory.fresh()
    if memory.outbreaks is None:
        memory.outbreaks = list(Outbreak.objects.filter(status=Outbreak.Status.OPEN)[:2])
    if len(memory.outbreaks) == 1:
        return memory.outbreaks[0]
    raise Refusal(
        "请填写疫情编号：现在没有或不止一起进行中的疫情",
        "give the outbreak's code: none or several are open",
        code="required",
        field="outbreak",
    )


def _definition(row: Case) -> definitions.Finding:
    """The definition of the case's day; the days and counties of a batch are few, so they are remembered."""
    day = getattr(row, STATUS_DAY[Case.Status(row.status)])
    key = (day, row.area_path[:6], row.outbreak.disease, row.status)
    memory = _memory.fresh()
    if key not in memory.definitions:
        memory.definitions[key] = definitions.judge(
            row.status, None, day=day, area_path=row.area_path[:6], disease=row.outbreak.disease
        )
    finding = memory.definitions[key]
    if finding.met is False:
        raise Refusal(finding.text("zh"), finding.text("en"), code="definition_not_met", field="status")
    return finding
