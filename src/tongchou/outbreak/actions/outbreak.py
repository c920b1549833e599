"""Draft, open and close an outbreak. It opens only with the "four ones": lead, task force, plan, one voice."""

from __future__ import annotations

from datetime import date

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.outbreak.models import Case, Outbreak
from tongchou.refusal import Refusal, Refusals

FOUR_ONES = {
    "lead_post": ("一名牵头领导", "one lead"),
    "task_force": ("一个工作专班", "one task force"),
    "plan": ("一个工作方案", "one plan"),
    "voice_post": ("一个信息出口", "one voice"),
}


@transaction.atomic
def draft_outbreak(
    *,
    code: str,
    name: str,
    disease: str,
    area_path: str,
    begins_on: date,
    by: Actor,
    lead_post: str = "",
    task_force: str = "",
    plan: str = "",
    voice_post: str = "",
) -> Outbreak:
    """A new outbreak in preparation; the four ones may be filled later. Posts are codes of posts."""
    if Outbreak.objects.filter(code=code).exists():
        raise Refusal(
            f"疫情编号 {code} 已被使用，请换一个",
            f"outbreak code {code} is taken; choose another",
            code="taken",
            field="code",
        )
    if begins_on > citytime.today():
        raise Refusal(
            f"计入起始日 {begins_on} 在今天之后，请核对",
            f"the first day {begins_on} lies in the future; check it",
            code="future",
            field="begins_on",
        )
    outbreak = Outbreak.objects.create(
        code=code,
        name=name,
        disease=disease,
        area_path=area_path,
        begins_on=begins_on,
        lead_post=lead_post,
        task_force=task_force,
        plan=plan,
        voice_post=voice_post,
    )
    audit.record(
        "create", ledger="outbreak", object_id=outbreak.id, by=by.by, area=area_path, changes={"code": ["", code]}
    )
    return outbreak


@transaction.atomic
def open_outbreak(*, outbreak: Outbreak, by: Actor) -> Outbreak:
    """Open a drafted outbreak today. Refused while one of the four ones is empty or the disease is fought already."""
    row = Outbreak.objects.select_for_update().get(pk=outbreak.pk)
    if row.status != Outbreak.Status.DRAFT:
        raise Refusal(f"{row.name} 已经启动过", f"{row.name} has been opened before", code="not_draft")
    missing = [(field, words) for field, words in FOUR_ONES.items() if not getattr(row, field).strip()]
    if missing:
        raise Refusals(
            [
                Refusal(
                    f"“四个一”缺少：{zh}，请先填写再启动",
                    f"the four ones lack {en}: fill it in before opening",
                    code="four_ones",
                    field=field,
                )
                for field, (zh, en) in missing
            ]
        )
    if Outbreak.objects.filter(disease=row.disease, area_path=row.area_path, status=Outbreak.Status.OPEN).exists():
        raise Refusal(
            "本市已有同一病种的疫情在进行，请在该疫情下登记",
            "this city already has an open outbreak of this disease: register under it",
            code="already_open",
        )
    row.status, row.opened_on = Outbreak.Status.OPEN, citytime.today()
    row.save(update_fields=["status", "opened_on"])
    _record("open", row, by, "draft")
    return row


@transaction.atomic
def close_outbreak(*, outbreak: Outbreak, by: Actor) -> Outbreak:
    """Close an open outbreak today. Refused while a case is still ill or suspected."""
    row = Outbreak.objects.select_for_update().get(pk=outbreak.pk)
    if row.status != Outbreak.Status.OPEN:
        raise Refusal(f"{row.name} 未在进行中", f"{row.name} is not open", code="not_open")
    ill = row.cases.filter(outcome=Case.Outcome.ILL).exclude(status=Case.Status.EXCLUDED).count()
    if ill:
        raise Refusal(
            f"还有 {ill} 例未出院、未排除，不能结束疫情",
            f"{ill} cases are neither discharged nor excluded: the outbreak stays open",
            code="cases_open",
        )
    row.status, row.closed_on = Outbreak.Status.CLOSED, citytime.today()
    row.save(update_fields=["status", "closed_on"])
    _record("close", row, by, "open")
    return row


def _record(action: str, row: Outbreak, by: Actor, before: str) -> None:
    audit.record(
        action,
        ledger="outbreak",
        object_id=row.id,
        by=by.by,
        area=row.area_path,
        changes={"status": [before, row.status]},
    )
