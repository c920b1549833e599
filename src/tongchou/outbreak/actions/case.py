"""Report a case and move its status. Every step is stored with the definition in force on its day and its evidence."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any

from django.db import transaction
from django.db.models import F

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.outbreak import deadlines, definitions, release
from tongchou.outbreak.dates import NAMES, order_problems
from tongchou.outbreak.models import Case, CaseStatus, Outbreak
from tongchou.outbreak.words import SEVERITY, STATUS
from tongchou.reason import Reason
from tongchou.refusal import Refusal, Refusals

_S = Case.Status
STATUS_DAY = {
    _S.SUSPECTED: "suspected_on",
    _S.CLINICAL: "clinical_on",
    _S.CONFIRMED: "confirmed_on",
    _S.ASYMPTOMATIC: "asymptomatic_on",
    _S.EXCLUDED: "excluded_on",
}
# From -> to. Confirmed cases leave only by exclusion (a wrong report taken back).
MOVES = {
    _S.SUSPECTED: {_S.CONFIRMED, _S.CLINICAL, _S.ASYMPTOMATIC, _S.EXCLUDED},
    _S.CLINICAL: {_S.CONFIRMED, _S.EXCLUDED},
    _S.ASYMPTOMATIC: {_S.CONFIRMED, _S.EXCLUDED},
    _S.CONFIRMED: {_S.EXCLUDED},
    _S.EXCLUDED: set(),
}
PLAIN = (
    "person", "sex", "age_years", "residence_path", "onset_path", "severity", "origin", "imported_from", "source_case",
    "cluster_id", "hospital", "onset_on", "first_visit_on", "sampled_on", "isolated_on",
)  # fmt: skip


@transaction.atomic
def report_case(
    *,
    outbreak: Outbreak,
    residence_path: str,
    found_at: datetime,
    by: Actor,
    status: str = _S.SUSPECTED,
    reported_at: datetime | None = None,
    criteria: Mapping[str, bool] | None = None,
    case_no: str = "",
    unknown: tuple[str, ...] = (),
    **plain: Any,
) -> Case:
    """Enter a case and start its clocks.

    ``found_at`` is when the hospital found it: the report clock runs from there until ``reported_at`` (direct
    network report; None while it has not been made). ``criteria`` are the items of the definition that were
    ticked; with them a suspected or confirmed status that the definition in force does not bear out is refused.
    ``plain`` takes the fields of ``PLAIN``. Raises Refusals with one entry per field at fault.
    """
    foreign = set(plain) - set(PLAIN)
    if foreign:
        raise TypeError(f"report_case does not take {sorted(foreign)}")
    now = citytime.now()
    case = Case(outbreak=outbreak, residence_path=residence_path, found_at=found_at, reported_at=reported_at, **plain)
    case.status, case.unknown = status, list(unknown)
    case.area_path = definitions.counts_to(case)
    day = citytime.day_of(reported_at or found_at)
    setattr(case, STATUS_DAY[_S(status)], day)
    check_case(case, now=now)
    finding = definitions.judge(status, criteria, day=day, area_path=case.area_path, disease=outbreak.disease)
    _require(finding)
    case.definition_id, case.definition_version = finding.definition_id, finding.version
    case.case_no = case_no or _next_number(outbreak)
    if case_no and Case.objects.filter(case_no=case_no).exists():
        raise Refusal(
            f"病例编号 {case_no} 已存在", f"case number {case_no} exists already", code="taken", field="case_no"
        )
    case.changed_at = now
    case.save(force_insert=True)
    _step(case, at=reported_at or found_at, finding=finding, evidence=criteria or {}, by=by)
    audit.record(
        "report", ledger="case", object_id=case.id, by=by.by, area=case.area_path, changes=_hashed("status", "", status)
    )
    deadlines.start(case, at=found_at, step=status, reported_at=reported_at, by=by)
    return case


def check_case(case: Case, *, now: datetime) -> None:
    """Refuse a case whose outbreak is not open, whose place lies outside it, or whose days cannot stand in that order."""
    outbreak, problems = case.outbreak, []
    if outbreak.status != Outbreak.Status.OPEN:
        problems.append(
            Refusal(
                f"{outbreak.name} 未在进行中，不能登记病例；请先启动疫情",
                f"{outbreak.name} is not open: open the outbreak before reporting cases",
                code="outbreak_not_open",
                field="outbreak",
            )
        )
    if case.area_path and not case.area_path.startswith(outbreak.area_path):
        problems.append(
            Refusal(
                f"地区 {case.area_path} 不在本次疫情的城市 {outbreak.area_path} 之内，请由该地登记",
                f"area {case.area_path} lies outside this outbreak's city {outbreak.area_path}: it is registered there",
                code="outside_city",
                field="residence_path",
            )
        )
    days = {field: getattr(case, field) for field in NAMES}
    problems += order_problems(days, begins_on=outbreak.begins_on, today=citytime.day_of(now))
    for field, zh, en in (
        ("found_at", "发现时间", "time of finding"),
        ("reported_at", "网络直报时间", "time of report"),
    ):
        instant = getattr(case, field)
        if instant is not None and instant > now:
            problems.append(
                Refusal(f"{zh}在现在之后，请核对", f"the {en} lies in the future; check it", code="future", field=field)
            )
    if case.reported_at and case.found_at and case.reported_at < case.found_at:
        problems.append(
            Refusal(
                "网络直报时间早于发现时间，请核对",
                "the report lies before the finding; check both",
                code="order",
                field="reported_at",
            )
        )
    if problems:
        raise Refusals(problems)


@transaction.atomic
def network_report(*, case: Case, at: datetime, by: Actor) -> Case:
    """The direct network report of the case's present status was made at ``at``: its 2-hour clock stops there."""
    row = locked(case)
    if row.reported_at is None:
        row.reported_at = at
        check_case(row, now=citytime.now())
        _save(row, "reported_at")
    elif at > citytime.now():
        raise Refusal(
            "网络直报时间在现在之后，请核对", "the report lies in the future; check it", code="future", field="at"
        )
    audit.record("network_report", ledger="case", object_id=row.id, by=by.by, area=row.area_path)
    deadlines.reported(row, at=at, step=row.status, by=by)
    return row


@transaction.atomic
def confirm_case(
    *,
    case: Case,
    by: Actor,
    at: datetime | None = None,
    criteria: Mapping[str, bool] | None = None,
    severity: str = "",
    reported_at: datetime | None = None,
    confirmed_on: date | None = None,
) -> Case:
    """Confirm by the definition in force on the day. ``at``: when the laboratory's result made it a confirmed case.

    ``confirmed_on`` is the official day of the count, by default the city day of ``reported_at`` or ``at``.
    """
    return move_status(
        case=case,
        to=_S.CONFIRMED,
        by=by,
        at=at,
        criteria=criteria,
        reported_at=reported_at,
        official_on=confirmed_on,
        also={"severity": severity} if severity else {},
    )


def convert_asymptomatic(
    *,
    case: Case,
    by: Actor,
    onset_on: date | None = None,
    at: datetime | None = None,
    criteria: Mapping[str, bool] | None = None,
    severity: str = "",
    reported_at: datetime | None = None,
) -> Case:
    """An asymptomatic infection showed symptoms or CT signs: it becomes a confirmed case from this day on."""
    if case.status != _S.ASYMPTOMATIC:
        raise Refusal(
            "只有无症状感染者可以转为确诊", "only an asymptomatic infection can be converted", code="not_asymptomatic"
        )
    also: dict[str, Any] = {"severity": severity} if severity else {}
    if onset_on is not None:
        also["onset_on"] = onset_on
    return move_status(case=case, to=_S.CONFIRMED, by=by, at=at, criteria=criteria, reported_at=reported_at, also=also)


def exclude_case(
    *,
    case: Case,
    by: Actor,
    criteria: Mapping[str, Any] | None = None,
    reason: str = "",
    at: datetime | None = None,
) -> Case:
    """Exclude a suspected case by the rule of exclusion (``criteria`` as in ``release``), with what is missing if refused.

    A confirmed or asymptomatic case can only be taken back as a wrong report, with its ``reason``.
    """
    day = citytime.day_of(at or citytime.now())
    if case.status in (_S.SUSPECTED, _S.CLINICAL):
        finding = release.judge_exclusion(case, criteria or {}, day=day)
    elif reason.strip():
        finding = definitions.Finding(None, "", "", (Reason("taken_back", {"reason": reason.strip()}),))
    else:
        raise Refusal(
            "撤回已确诊或无症状病例须写明原因",
            "say why a confirmed or asymptomatic case is taken back",
            code="required",
            field="reason",
        )
    evidence = {
        key: [str(one) for one in value] if key == "negatives" else value for key, value in (criteria or {}).items()
    }
    return move_status(case=case, to=_S.EXCLUDED, by=by, at=at, criteria=evidence, finding=finding)


@transaction.atomic
def move_status(
    *,
    case: Case,
    to: str,
    by: Actor,
    at: datetime | None = None,
    criteria: Mapping[str, Any] | None = None,
    reported_at: datetime | None = None,
    official_on: date | None = None,
    also: Mapping[str, Any] | None = None,
    finding: definitions.Finding | None = None,
) -> Case:
    """One step of a case's status, with its definition, evidence, history row, audit row and clock.

    ``finding`` is judged by the case definition unless the caller judged by another rule.
    """
    row, now, to = locked(case), citytime.now(), _S(to)
    if to not in MOVES[_S(row.status)]:
        raise Refusal(
            f"{STATUS[row.status][0]}病例不能改为{STATUS[to][0]}",
            f"a case that is {row.status} cannot become {to}",
            code="no_such_step",
            field="status",
        )
    at = at or now
    day = official_on or citytime.day_of(reported_at or at)
    if finding is None:
        ticked = _all_ticked(row, criteria)
        place = {"area_path": row.area_path, "disease": row.outbreak.disease}
        finding = definitions.judge(to, ticked, day=day, before=row.status, **place)
    _require(finding)
    before, row.status = row.status, to
    if to != _S.EXCLUDED:
        row.definition_id, row.definition_version = finding.definition_id, finding.version
    setattr(row, STATUS_DAY[to], day)
    for field, value in (also or {}).items():
        setattr(row, field, value)
    if at > now:
        raise Refusal("时间在现在之后，请核对", "the time lies in the future; check it", code="future", field="at")
    check_case(row, now=now)
    _save(row, "status", "definition_id", "definition_version", STATUS_DAY[to], *(also or {}))
    _step(row, at=at, finding=finding, evidence=criteria or {}, by=by)
    audit.record(
        str(to), ledger="case", object_id=row.id, by=by.by, area=row.area_path, changes=_hashed("status", before, to)
    )
    if to == _S.EXCLUDED:
        deadlines.excluded(row, at=at, by=by)
    else:
        deadlines.start(row, at=at, step=to, reported_at=reported_at, by=by)
    return row


@transaction.atomic
def set_severity(*, case: Case, severity: str, by: Actor) -> Case:
    """The clinical type of today, judged by the hospital."""
    row = locked(case)
    if severity not in Case.Severity.values:
        raise Refusal(
            f"临床分型“{severity}”无法识别，可选：{'、'.join(zh for zh, _en in SEVERITY.values())}",
            f"unknown severity {severity!r}: use one of {', '.join(Case.Severity.values)}",
            code="unknown_choice",
            field="severity",
        )
    before, row.severity = row.severity, severity
    _save(row, "severity")
    audit.record(
        "severity",
        ledger="case",
        object_id=row.id,
        by=by.by,
        area=row.area_path,
        changes=_hashed("severity", before, severity),
    )
    return row


def locked(case: Case) -> Case:
    """The case as it stands now, locked until the transaction ends."""
    return Case.objects.select_for_update(of=("self",)).select_related("outbreak").get(pk=case.pk)


def _save(row: Case, *fields: str) -> None:
    row.changed_at = citytime.now()
    row.save(update_fields=[*fields, "changed_at"])


def _step(case: Case, *, at: datetime, finding: definitions.Finding, evidence: Mapping[str, Any], by: Actor) -> None:
    CaseStatus.objects.create(
        case=case,
        at=at,
        status=case.status,
        definition_id=finding.definition_id,
        definition_version=finding.version,
        evidence=dict(evidence),
        reasons=[reason.stored() for reason in finding.reasons],
        by_post=by.post_id,
    )


def _all_ticked(row: Case, criteria: Mapping[str, Any] | None) -> dict[str, Any]:
    """Items ticked at earlier steps and now; the newest answer to an item counts."""
    ticked: dict[str, Any] = {}
    for step in row.statuses.all():
        ticked |= step.evidence
    return ticked | dict(criteria or {})


def _require(finding: definitions.Finding) -> None:
    if finding.met is False:
        raise Refusal(finding.text("zh"), finding.text("en"), code="definition_not_met", field="criteria")


def _next_number(outbreak: Outbreak) -> str:
    """The outbreak's next case number; the row is locked by the update, so two reporters never share one."""
    Outbreak.objects.filter(pk=outbreak.pk).update(cases_numbered=F("cases_numbered") + 1)
    number = Outbreak.objects.values_list("cases_numbered", flat=True).get(pk=outbreak.pk)
    return f"{outbreak.code}-{number:05d}"


def _hashed(field: str, before: str, after: str) -> dict[str, list[str]]:
    """A change of a health field for the trail: keyed hashes, never the values (field class D2)."""
    return {field: [audit.value_hash(str(before)) if before else "", audit.value_hash(str(after))]}
