"""The county's investigation of a case: when it was finished, who infected whom."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.outbreak import deadlines
from tongchou.outbreak.actions.case import check_case, locked
from tongchou.outbreak.models import Case
from tongchou.refusal import Refusal

FINDINGS = ("origin", "imported_from", "onset_on", "onset_path", "first_visit_on", "isolated_on", "cluster_id")


@transaction.atomic
def finish_investigation(
    *,
    case: Case,
    by: Actor,
    at: datetime | None = None,
    findings: Mapping[str, Any] | None = None,
    unknown: tuple[str, ...] = (),
) -> Case:
    """The case investigation was finished at ``at``: its 24-hour clock stops and its task is reported done.

    ``findings`` takes the fields of ``FINDINGS``; ``unknown`` names fields that were asked and are not known.
    """
    row, now = locked(case), citytime.now()
    at = at or now
    if at > now or at < row.found_at:
        raise Refusal(
            "流调完成时间应在发现病例之后、现在之前",
            "the investigation ends after the case was found and not in the future",
            code="order",
            field="at",
        )
    foreign = set(findings or {}) - set(FINDINGS)
    if foreign:
        raise TypeError(f"finish_investigation does not take {sorted(foreign)}")
    for field, value in (findings or {}).items():
        setattr(row, field, value)
    row.unknown = sorted({*row.unknown, *unknown} - {field for field, value in (findings or {}).items() if value})
    row.investigated_at = at
    check_case(row, now=now)
    row.changed_at = now
    row.save(update_fields=[*(findings or {}), "unknown", "investigated_at", "changed_at"])
    audit.record("finish_investigation", ledger="case", object_id=row.id, by=by.by, area=row.area_path)
    deadlines.investigated(row, at=at, by=by)
    return row


@transaction.atomic
def link_source(*, case: Case, source: Case | None, by: Actor, cluster_id: str | None = None) -> Case:
    """Say who infected this case (None takes the link back). Refused for itself, another outbreak, or a ring.

    An imported case has generation 0; a case infected by generation n has n + 1. Generations further down follow.
    """
    row = locked(case)
    if source is not None:
        _check_link(row, source)
    row.source_case = source
    row.generation = _generation(row)
    if cluster_id is not None:
        row.cluster_id = cluster_id
    row.changed_at = citytime.now()
    row.save(update_fields=["source_case", "generation", "cluster_id", "changed_at"])
    _follow(row)
    audit.record("link_source", ledger="case", object_id=row.id, by=by.by, area=row.area_path)
    return row


def _generation(row: Case) -> int | None:
    if row.source_case is not None:
        above = row.source_case.generation
        return None if above is None else above + 1
    return 0 if row.origin == Case.Origin.IMPORTED else None


def _check_link(row: Case, source: Case) -> None:
    if source.outbreak_id != row.outbreak_id:
        raise Refusal(
            "传染来源属于另一疫情", "the source belongs to another outbreak", code="other_outbreak", field="source"
        )
    if source.status == Case.Status.EXCLUDED:
        raise Refusal("传染来源已被排除", "the source has been excluded", code="excluded", field="source")
    seen = {row.pk}
    above: Case | None = source
    while above is not None:
        if above.pk in seen:
            raise Refusal(
                "传染来源形成了环：病例不能经由他人传染自己",
                "the links form a ring: a case cannot infect itself through others",
                code="ring",
                field="source",
            )
        seen.add(above.pk)
        above = above.source_case


def _follow(row: Case) -> None:
    level = [row]
    while level:
        below = list(Case.objects.filter(source_case__in=level).select_related("source_case"))
        for one in below:
            one.generation = _generation(one)
        Case.objects.bulk_update(below, ["generation"])
        level = below
