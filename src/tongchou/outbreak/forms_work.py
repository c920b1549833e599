"""What a form of the case ledger hands over, put into the words of the case's actions."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.utils import translation
from django.utils.translation import gettext_lazy as _

from tongchou.access.actor import Actor
from tongchou.ledger.columns import Column
from tongchou.outbreak.actions import case as acts
from tongchou.outbreak.actions import investigation, outcome
from tongchou.outbreak.models import Case
from tongchou.refusal import Refusal

RELEASE_COLUMNS = [
    Column("first_negative_at", _("第一次阴性采样时间"), "D2", kind="datetime"),
    Column("second_negative_at", _("第二次阴性采样时间"), "D2", kind="datetime"),
    Column("fever_free_days", _("体温正常天数"), "D2", kind="int"),
    Column("symptoms_improved", _("呼吸道症状明显好转"), "D2", kind="bool"),
    Column("imaging_improved", _("影像学明显好转"), "D2", kind="bool"),
    Column("observation_days", _("已观察天数"), "D2", kind="int", help=_("无症状感染者填写")),
]
INVESTIGATION_COLUMNS = [
    Column("origin", _("来源"), "D2", kind="choice", choices=Case.Origin.choices),
    Column("imported_from", _("输入自"), "D2", kind="choice", choices=Case.ImportedFrom.choices),
    Column("onset_on", _("发病日期"), "D2", kind="date"),
    Column("onset_path", _("发病地区"), "D2", kind="area"),
    Column("first_visit_on", _("首次就诊日期"), "D2", kind="date"),
    Column("isolated_on", _("隔离日期"), "D2", kind="date"),
    Column("cluster_id", _("聚集性疫情编号"), "D2", max_length=40),
    Column(
        "unknown", _("已问但不详的项目"), "D2", max_length=200, help=_("照上面的名称填写，用空格或顿号分开，例如：来源、隔离日期")
    ),
]


def network_report(*, case: Case, at: datetime, by: Actor) -> Case:
    return acts.network_report(case=case, at=at, by=by)


def confirm(
    *, case: Case, by: Actor, severity: str | None = None, reported_at: datetime | None = None, **items: Any
) -> Case:
    return acts.confirm_case(case=case, criteria=_given(items), severity=severity or "", reported_at=reported_at, by=by)


def convert(*, case: Case, by: Actor, onset_on: date | None = None, severity: str | None = None, **items: Any) -> Case:
    return acts.convert_asymptomatic(
        case=case, criteria=_given(items), onset_on=onset_on, severity=severity or "", by=by
    )


def exclude(*, case: Case, by: Actor, reason: str | None = None, **shown: Any) -> Case:
    return acts.exclude_case(case=case, criteria=_shown(shown), reason=reason or "", by=by)


def set_severity(*, case: Case, severity: str, by: Actor) -> Case:
    return acts.set_severity(case=case, severity=severity, by=by)


def finish_investigation(*, case: Case, by: Actor, unknown: str | None = None, **findings: Any) -> Case:
    names = _field_names(unknown or "")
    foreign = sorted(set(names) - set(investigation.FINDINGS))
    if foreign:
        raise Refusal(
            f"没有这些项目：{'、'.join(foreign)}；可用：{'、'.join(str(one.label) for one in INVESTIGATION_COLUMNS[:-1])}",
            f"there are no fields {', '.join(foreign)}; known: {', '.join(investigation.FINDINGS)}",
            code="unknown_field",
            field="unknown",
        )
    given = _given(findings)
    if not (given.get("origin") or case.origin or "origin" in {*names, *case.unknown}):
        raise Refusal(
            "流调要写明来源；已问而不详的，在“已问但不详的项目”里注明“来源”",
            "say where the infection came from; where it was asked and is not known, name it under the items not known",
            code="required",
            field="origin",
        )
    return investigation.finish_investigation(case=case, findings=given, unknown=names, by=by)


def _field_names(text: str) -> tuple[str, ...]:
    """Fields from their names or from their labels in either language, as an investigator writes them."""
    known = {one.name: one.name for one in INVESTIGATION_COLUMNS}
    for language in ("zh-hans", "en"):
        with translation.override(language):
            known |= {str(one.label).lower().replace(" ", "_"): one.name for one in INVESTIGATION_COLUMNS}
    words = text.lower().replace("、", " ").replace("，", " ").replace(",", " ").split()
    return tuple(known.get(word, word) for word in words)


def link_source(*, case: Case, by: Actor, source_no: str | None = None, cluster_id: str | None = None) -> Case:
    source = Case.objects.filter(outbreak=case.outbreak, case_no=source_no).first() if source_no else None
    if source_no and source is None:
        raise Refusal(
            f"本次疫情中没有编号为 {source_no} 的病例",
            f"this outbreak has no case {source_no}",
            code="unknown_case",
            field="source_no",
        )
    return investigation.link_source(case=case, source=source, cluster_id=cluster_id, by=by)


def discharge(*, case: Case, by: Actor, discharged_on: date | None = None, **shown: Any) -> Case:
    return outcome.discharge_case(case=case, criteria=_shown(shown), discharged_on=discharged_on, by=by)


def move(*, case: Case, to_area: str, by: Actor, moved_on: date | None = None) -> Case:
    return outcome.move_case(case=case, to_area=to_area, moved_on=moved_on, by=by)


def record_death(*, case: Case, by: Actor, died_on: date | None = None) -> Case:
    return outcome.record_death(case=case, died_on=died_on, by=by)


def _given(values: dict[str, Any]) -> dict[str, Any]:
    """What was filled in: an empty field was not asked."""
    return {name: value for name, value in values.items() if value is not None and value != ""}


def _shown(values: dict[str, Any]) -> dict[str, Any]:
    given = _given(values)
    negatives = [given.pop(name) for name in ("first_negative_at", "second_negative_at") if name in given]
    if "antibody_negative_on" in given:
        given["antibody_negative_on"] = given["antibody_negative_on"].isoformat()
    return given | ({"negatives": negatives} if negatives else {})
