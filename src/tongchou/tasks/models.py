"""Clock, task, and what happens to them: pauses, versions, extensions, site checks, escalation steps."""

from __future__ import annotations

from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models import Q
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongchou.access import personal
from tongchou.access.models import Post
from tongchou.audit.ids import uuid7


class ClockState(models.TextChoices):
    PENDING = "pending", _("未起算")
    OK = "ok", _("正常")
    NEAR = "near", _("临近")
    OVER = "over", _("超时")
    OVER_DONE = "over_done", _("超时完成")
    UNKNOWN = "unknown", _("不明")


class Clock(models.Model):
    """One legal or ordered time limit running on one row of any ledger.

    It keeps the rule's words as they were when it started: a rule that changes later moves it only
    through ``actions.clock.recompute_clock``, as a new version. ``due_at`` is empty while a pause
    holds the clock, before its start, or where the rule's limit was not found.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    ledger = models.CharField(max_length=40)
    object_id = models.CharField(max_length=64)
    area_path = models.CharField(max_length=18)
    rule_id = models.CharField(max_length=120)
    rule_version = models.CharField(max_length=120, blank=True, default="")
    rule_mark = models.CharField(max_length=20, blank=True, default="")
    legal_zh = models.CharField(max_length=400, blank=True, default="")
    legal_en = models.CharField(max_length=400, blank=True, default="")
    label_zh = models.CharField(max_length=120)
    label_en = models.CharField(max_length=120)
    limit_minutes = models.PositiveIntegerField(null=True, blank=True)
    limit_working_days = models.PositiveIntegerField(null=True, blank=True)
    calendar = models.JSONField(default=dict, blank=True)
    calendar_version = models.CharField(max_length=120, blank=True, default="")
    near_minutes = models.PositiveIntegerField(default=0)
    reminders_minutes = models.JSONField(default=list)
    started_at = models.DateTimeField(null=True, blank=True)
    due_at = models.DateTimeField(null=True, blank=True)
    near_at = models.DateTimeField(null=True, blank=True)
    paused_from_at = models.DateTimeField(null=True, blank=True)
    stopped_at = models.DateTimeField(null=True, blank=True)
    version = models.PositiveIntegerField(default=1)
    key = models.CharField(max_length=200, unique=True)

    class Meta:
        verbose_name = _("时限")
        indexes = [
            models.Index(fields=["ledger", "object_id"], name="tasks_clock_object"),
            models.Index(fields=["area_path", "due_at"], name="tasks_clock_area"),
            models.Index(fields=["stopped_at", "due_at"], name="tasks_clock_running"),
            models.Index(fields=["rule_id", "due_at"], name="tasks_clock_rule"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id} {self.ledger}:{self.object_id}"

    @property
    def label(self) -> str:
        return self.label_en if (get_language() or "").startswith("en") else self.label_zh

    @property
    def legal(self) -> str:
        """The legal reference in the reader's language."""
        return self.legal_en if (get_language() or "").startswith("en") else self.legal_zh


class ClockPause(models.Model):
    """Time that does not count, with its reason and who allowed it."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="pauses")
    from_at = models.DateTimeField()
    to_at = models.DateTimeField(null=True, blank=True)
    reason = models.CharField(max_length=200)
    by_post = models.CharField(max_length=64)
    by_user = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        verbose_name = _("计时暂停")
        ordering = ["from_at", "id"]

    def __str__(self) -> str:
        return self.reason


class ClockVersion(models.Model):
    """A clock as it was before it was recomputed or extended: nothing about a limit is overwritten."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    clock = models.ForeignKey(Clock, on_delete=models.CASCADE, related_name="versions")
    number = models.PositiveIntegerField()
    was = models.JSONField(encoder=DjangoJSONEncoder)
    reason = models.CharField(max_length=200)
    replaced_at = models.DateTimeField()
    by_post = models.CharField(max_length=64)

    class Meta:
        verbose_name = _("时限版本")
        ordering = ["number"]
        constraints = [models.UniqueConstraint(fields=["clock", "number"], name="tasks_clock_version_once")]

    def __str__(self) -> str:
        return f"{self.clock_id} v{self.number}"


class TaskState(models.TextChoices):
    FILED = "filed", _("立项")
    ASSIGNED = "assigned", _("交办")
    ACCEPTED = "accepted", _("承办")
    BLOCKED = "blocked", _("受阻")
    REPORTED = "reported", _("反馈")
    RETURNED = "returned", _("退回")
    VERIFIED = "verified", _("复核")
    CLOSED = "closed", _("办结")
    WRITTEN_OFF = "written_off", _("销号")
    CANCELLED = "cancelled", _("撤销")


#: the doer has to do something
OPEN_STATES = (TaskState.ASSIGNED, TaskState.ACCEPTED, TaskState.BLOCKED, TaskState.RETURNED)
#: the requester's side has to do something
REVIEW_STATES = (TaskState.FILED, TaskState.REPORTED, TaskState.VERIFIED)
#: over; 销号 also takes it off the supervision list
DONE_STATES = (TaskState.CLOSED, TaskState.WRITTEN_OFF, TaskState.CANCELLED)


class Task(models.Model):
    """One matter, one case: what a named post must do about one row, by when, and what came of it.

    Posts are text ids of ``access.Post`` with the name that they had then. ``title`` names the work, not a person; ``number`` counts
    within a city day. ``due_at`` repeats the clock's so that lists sort by it.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    number = models.CharField(_("任务编号"), max_length=20, unique=True)
    kind = models.CharField(_("类型"), max_length=80)
    title = models.CharField(_("事项"), max_length=200)
    title_en = models.CharField(max_length=200, blank=True, default="")
    detail = models.CharField(_("要求"), max_length=2000, blank=True, default="")
    ledger = models.CharField(_("台账"), max_length=40)
    object_id = models.CharField(_("对象"), max_length=64)
    area_path = models.CharField(_("区域"), max_length=18)
    owner_post = models.CharField(max_length=64)
    owner_name = models.CharField(_("承办岗位"), max_length=120)
    requester_post = models.CharField(max_length=64)
    requester_name = models.CharField(_("交办岗位"), max_length=120)
    opened_by_post = models.CharField(_("立项岗位"), max_length=64)
    state = models.CharField(_("状态"), max_length=12, choices=TaskState.choices, default=TaskState.FILED)
    clock = models.OneToOneField(Clock, on_delete=models.PROTECT, null=True, blank=True, related_name="task")
    clock_rule = models.CharField(max_length=120, blank=True, default="")
    due_at = models.DateTimeField(_("时限"), null=True, blank=True)
    site_check_needed = models.BooleanField(_("须现场核查"), default=False)
    reason = models.CharField(_("受阻或退回原因"), max_length=500, blank=True, default="")
    report_note = models.CharField(_("办理情况"), max_length=2000, blank=True, default="")
    reported_by_user = models.CharField(max_length=64, blank=True, default="")
    #: a step of the matter itself reported it (the network report of a case): what is wrong is put right there
    reported_by_step = models.BooleanField(default=False)
    false_report = models.BooleanField(_("反馈不实"), default=False)
    returned_count = models.PositiveIntegerField(_("退回次数"), default=0)
    opened_at = models.DateTimeField(_("立项时间"))
    assigned_at = models.DateTimeField(_("交办时间"), null=True, blank=True)
    accepted_at = models.DateTimeField(_("承办时间"), null=True, blank=True)
    reported_at = models.DateTimeField(_("反馈时间"), null=True, blank=True)
    verified_at = models.DateTimeField(_("复核时间"), null=True, blank=True)
    closed_at = models.DateTimeField(_("办结时间"), null=True, blank=True)
    written_off_at = models.DateTimeField(_("销号时间"), null=True, blank=True)
    key = models.CharField(max_length=200, blank=True, default="")

    class Meta:
        verbose_name = _("任务")
        constraints = [
            models.UniqueConstraint(fields=["key"], condition=~Q(key=""), name="tasks_task_key_once"),
        ]
        indexes = [
            models.Index(fields=["owner_post", "state", "due_at"], name="tasks_task_owner"),
            models.Index(fields=["requester_post", "state", "due_at"], name="tasks_task_requester"),
            models.Index(fields=["area_path", "-opened_at", "-id"], name="tasks_task_area"),
            models.Index(fields=["state", "due_at"], name="tasks_task_due"),
            models.Index(fields=["ledger", "object_id"], name="tasks_task_object"),
            models.Index(fields=["-opened_at", "-id"], name="tasks_task_newest"),
        ]

    def __str__(self) -> str:
        return self.number

    @property
    def shown_title(self) -> str:
        return self.title_en if self.title_en and (get_language() or "").startswith("en") else self.title

    @property
    def over(self) -> bool:
        return self.state in DONE_STATES

    def is_doer(self, post_id: str) -> bool:
        """Whether a post does this work, alone or assisting."""
        return post_id == self.owner_post or any(row.post == post_id for row in self.assistants.all())


class Assistant(models.Model):
    """A post that assists the owner of a task."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="assistants")
    post = models.CharField(max_length=64)
    name = models.CharField(max_length=120)

    class Meta:
        verbose_name = _("协办岗位")
        constraints = [models.UniqueConstraint(fields=["task", "post"], name="tasks_assistant_once")]
        indexes = [models.Index(fields=["post"], name="tasks_assistant_post")]

    def __str__(self) -> str:
        return self.post


class DayNumber(models.Model):
    """The last task number given out on a city day; its row is the lock between two that ask at once."""

    day_on = models.DateField(primary_key=True)
    last = models.PositiveIntegerField(default=0)

    class Meta:
        verbose_name = _("日序号")

    def __str__(self) -> str:
        return f"{self.day_on} {self.last}"


class Extension(models.Model):
    """More time asked for by the doer, with its reason, and what the requester's side decided."""

    class Decision(models.TextChoices):
        ASKED = "asked", _("待批")
        GRANTED = "granted", _("同意")
        REFUSED = "refused", _("不同意")
        LAPSED = "lapsed", _("已失效")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="extensions")
    minutes = models.PositiveIntegerField(_("延长分钟"))
    reason = models.CharField(_("理由"), max_length=500)
    asked_at = models.DateTimeField()
    asked_by_post = models.CharField(max_length=64)
    asked_by_user = models.CharField(max_length=64, blank=True, default="")
    asked_by_name = models.CharField(max_length=120, blank=True, default="")
    decision = models.CharField(max_length=8, choices=Decision.choices, default=Decision.ASKED)
    decided_at = models.DateTimeField(null=True, blank=True)
    decided_by_post = models.CharField(max_length=64, blank=True, default="")
    decided_by_name = models.CharField(max_length=120, blank=True, default="")
    decision_note = models.CharField(max_length=500, blank=True, default="")

    class Meta:
        verbose_name = _("延期申请")
        ordering = ["asked_at", "id"]
        constraints = [
            models.UniqueConstraint(fields=["task"], condition=Q(decision="asked"), name="tasks_extension_one_open"),
        ]

    def __str__(self) -> str:
        return f"{self.task_id} +{self.minutes}"


class SiteCheck(models.Model):
    """现场核查: somebody other than the doer went and looked."""

    class Result(models.TextChoices):
        PASSED = "passed", _("属实")
        FAILED = "failed", _("不属实")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="site_checks")
    checked_at = models.DateTimeField(_("核查时间"))
    by_post = models.CharField(max_length=64)
    by_user = models.CharField(max_length=64, blank=True, default="")
    by_name = models.CharField(_("核查岗位"), max_length=120, blank=True, default="")
    result = models.CharField(_("结论"), max_length=8, choices=Result.choices)
    note = models.CharField(_("现场情况"), max_length=2000)

    class Meta:
        verbose_name = _("现场核查")
        ordering = ["checked_at", "id"]

    def __str__(self) -> str:
        return f"{self.task_id} {self.result}"


class EscalationStep(models.Model):
    """One reminder or one rung of the ladder, done once: ``key`` names task, clock version and step."""

    class Kind(models.TextChoices):
        BEFORE = "before", _("到期前提醒")
        DUE = "due", _("到期提醒")
        AFTER = "after", _("超时催办")
        LADDER = "ladder", _("上报上级")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    task = models.ForeignKey(Task, on_delete=models.CASCADE, related_name="steps")
    kind = models.CharField(max_length=8, choices=Kind.choices)
    offset_minutes = models.IntegerField()
    rung = models.PositiveIntegerField(default=0)
    to_post = models.CharField(max_length=64)
    to_name = models.CharField(max_length=120, blank=True, default="")
    due_at = models.DateTimeField()
    done_at = models.DateTimeField()
    rule_version = models.CharField(max_length=120, blank=True, default="")
    key = models.CharField(max_length=200, unique=True)

    class Meta:
        verbose_name = _("催办记录")
        ordering = ["done_at", "id"]
        indexes = [models.Index(fields=["to_post", "-done_at"], name="tasks_step_post")]

    def __str__(self) -> str:
        return self.key


class Mailbox(models.Model):
    """A duty mailbox of a post, for notices by mail: the office's own address, not a person's."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    post = models.ForeignKey(Post, verbose_name=_("岗位"), on_delete=models.CASCADE, related_name="mailboxes")
    address = models.EmailField(_("值班邮箱"))

    class Meta:
        verbose_name = _("值班邮箱")
        constraints = [models.UniqueConstraint(fields=["post", "address"], name="tasks_mailbox_once")]

    def __str__(self) -> str:
        return self.address


# What people write about a task should name nobody, and may: it is declared and shown as free text of class D4.
# Kept three years after the end, as records of processing are (PIPL articles 55 and 56).
_KEEP_DAYS = 1095
for _model, _field, _purpose in (
    (Task, "detail", "to say what is to be done"),
    (Task, "report_note", "to say what was done, for the requester to judge"),
    (Task, "reason", "to say why a task is blocked or goes back"),
    (SiteCheck, "note", "to say what was seen on site"),
    (Extension, "reason", "to say why more time is needed"),
    (Extension, "decision_note", "to say why more time was or was not granted"),
    (ClockPause, "reason", "to say why time did not count"),
):
    personal.declare(_model, _field, "D4", _purpose, _KEEP_DAYS)


def changed(before: dict[str, Any], after: dict[str, Any]) -> dict[str, list[str]]:
    """The trail's ``{field: [before, after]}`` of what differs, as text."""
    return {
        name: [_text(before.get(name)), _text(after[name])] for name in after if _text(before.get(name)) != _text(after[name])
    }


def _text(value: Any) -> str:
    if value is None:
        return ""
    return value.isoformat() if hasattr(value, "isoformat") else str(value)
