"""A case that comes in as plain data, by form, sheet or API: what is derived, refused and started.

A sheet of cases may carry the status and its day for new rows (a line list of the past); on a row that stands
they move only by an action.
"""

from __future__ import annotations

import weakref
from collections.abc import Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any

from tongchou import citytime
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.roles import Role
from tongchou.outbreak import deadlines, definitions
from tongchou.outbreak.actions.case import STATUS_DAY, check_case
from tongchou.outbreak.models import Case, CaseStatus, Outbreak
from tongchou.places.models import Place
from tongchou.refusal import Refusal, Refusals

# Columns that an action moves; plain data may set them only on a new row.
MOVED_BY_ACTION = {
    "status": ("病例状态", "status"),
    "confirmed_on": ("确诊日期", "day of confirmation"),
    "discharged_on": ("出院日期", "day of discharge"),
    "died_on": ("死亡日期", "day of death"),
}


# A row found longer ago than this comes from an archive: nobody is asked to report or investigate it in hours, and a
# line list of the past opens no thousands of late tasks. A case reported by page or action always has its clocks.
ARCHIVE_DAYS = 7


class _Memory:
    """Definitions and outbreaks looked up once for the rows that one actor object writes, until the batch is saved."""

    def __init__(self) -> None:
        self.definitions: dict[tuple[date, str, str, str], definitions.Finding] = {}
        self.outbreaks: list[Outbreak] | None = None
        self.hospitals: list[Place] | None = None


# Held beside the actor, which lives for one request or one job, never longer.
_memories: dict[int, tuple[weakref.ref[Actor], _Memory]] = {}


def _memory_of(by: Actor) -> _Memory:
    if by is SYSTEM:  # lives as long as the process: nothing may be remembered for it
        return _Memory()
    held = _memories.get(id(by))
    if held is None or held[0]() is not by:
        for number in [number for number, (ref, _memory) in _memories.items() if ref() is None]:
            del _memories[number]
        held = _memories[id(by)] = (weakref.ref(by), _Memory())
    return held[1]


def prepare(row: Case, values: Mapping[str, Any], by: Actor) -> None:
    """Derive and check one case before it is saved. Raises Refusals."""
    if not row._state.adding:
        _refuse_moves(row, values)
    now = citytime.now()
    if row._state.adding:
        _derive_new(row, now, _memory_of(by))
        if row.hospital is None:
            row.hospital = _own_hospital(_memory_of(by), by)
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
        finding = _definition(row, _memory_of(by))
        row.definition_id, row.definition_version = finding.definition_id, finding.version


def entered(created: Sequence[Case], by: Actor) -> None:
    """Write the first step of every new case and start what is still owed for it, inside the same transaction."""
    _memories.pop(id(by), None)
    _demand_open({row.outbreak_id for row in created})
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


def _demand_open(outbreaks: set[Any]) -> None:
    """The outbreaks looked up for the batch are still open now that its rows are written."""
    still = Outbreak.objects.filter(pk__in=outbreaks, status=Outbreak.Status.OPEN).count()
    if still != len(outbreaks):
        raise Refusal(
            "疫情在登记期间已结束，请核对后重新登记",
            "the outbreak was closed meanwhile: check and enter the cases again",
            code="outbreak_not_open",
            field="outbreak",
        )


def taken_back(rows: Sequence[Case], by: Actor) -> None:
    """Take back what ``entered`` wrote and started for cases that an undone import is about to delete."""
    for row in rows:
        deadlines.taken_back(row, by=by)
    CaseStatus.objects.filter(case__in=rows).delete()


def _still_owed(row: Case) -> bool:
    """Whether a report or an investigation is still asked for: not of a case with its end, nor of one from an old list."""
    recent = citytime.now() - row.found_at <= timedelta(days=ARCHIVE_DAYS)
    return recent and row.outcome == Case.Outcome.ILL and row.status != Case.Status.EXCLUDED


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


def _derive_new(row: Case, now: datetime, memory: _Memory) -> None:
    if row.outbreak_id is None:
        row.outbreak = _only_outbreak(memory)
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


def own_hospital(by: Actor) -> Place | None:
    """The hospital that reports, where the post is that of one: its cases are its own without naming it."""
    sites = [scope.value for scope in by.scopes if scope.kind == "site"]
    if by.role != Role.HOSPITAL or len(sites) != 1:
        return None
    return Place.objects.filter(pk=sites[0]).first()


def _own_hospital(memory: _Memory, by: Actor) -> Place | None:
    if memory.hospitals is None:
        memory.hospitals = [place for place in [own_hospital(by)] if place is not None]
    return next(iter(memory.hospitals), None)


def _only_outbreak(memory: _Memory) -> Outbreak:
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


def _definition(row: Case, memory: _Memory) -> definitions.Finding:
    """The definition of the case's day; the days and counties of a batch are few, so they are remembered."""
    day = getattr(row, STATUS_DAY[Case.Status(row.status)])
    key = (day, row.area_path[:6], row.outbreak.disease, row.status)
    if key not in memory.definitions:
        memory.definitions[key] = definitions.judge(
            row.status, None, day=day, area_path=row.area_path[:6], disease=row.outbreak.disease
        )
    finding = memory.definitions[key]
    if finding.met is False:
        raise Refusal(finding.text("zh"), finding.text("en"), code="definition_not_met", field="status")
    return finding
