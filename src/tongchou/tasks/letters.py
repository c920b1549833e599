"""What a post is told about a task: its number, the step and the time limit, never its free text.

Titles and reports may name people; a notice leaves the house by mail and gateway, so it carries none of them.
"""

from __future__ import annotations

from datetime import datetime

from tongchou import citytime, notices
from tongchou.audit.ids import uuid7
from tongchou.tasks.models import Task

LOUD = ("app", "mail", "gateway")
QUIET = ("app",)

WORDS = {
    "assigned": ("已交办给您的岗位，请承办", "assigned to your post: please accept it"),
    "declined": ("承办岗位申请改派，请重新交办", "declined by its post: please assign it anew"),
    "blocked": ("承办受阻，请协调", "blocked: please help"),
    "reported": ("已反馈，请复核", "reported: please verify it"),
    "recalled": ("反馈已由承办岗位撤回", "its report was taken back by its post"),
    "returned": ("被退回，请继续办理", "returned: please go on with it"),
    "reopened": ("现场核查不属实，任务重新办理", "reopened: the site check did not bear it out"),
    "closed": ("已办结", "closed"),
    "cancelled": ("已撤销，不必再办", "cancelled: nothing more to do"),
    "extension_asked": ("申请延期，请批复", "asks for more time: please decide"),
    "extension_granted": ("延期申请已同意", "got the time it asked for"),
    "extension_refused": ("延期申请未同意", "did not get the time it asked for"),
    "before": ("即将到期，请抓紧办理", "is due soon"),
    "due": ("已到期，请立即办理", "is due now"),
    "after": ("已超时，请立即办理并反馈", "is overdue: act and report at once"),
    "ladder": ("下级岗位超时未办结，请督办", "is overdue at a post below yours: please see to it"),
}


def page_of(task: Task) -> str:
    return f"/tasks/{task.pk}/"


def tell(task: Task, post: str, word: str, *, key: str = "", loud: bool = False) -> None:
    """Put one notice about a task into the outbox. ``key`` makes it once only; without one it is this event's own."""
    zh, en = WORDS[word]
    notices.send(
        to_post=post,
        title=f"任务 {task.number}：{zh}",
        title_en=f"Task {task.number} {en}",
        body=f"时限：{_when(task.due_at) or '未定'}",
        body_en=f"Due: {_when(task.due_at) or 'not set'}",
        link=page_of(task),
        key=key or f"task.{word}:{task.pk}:{uuid7().hex}",
        channels=LOUD if loud else QUIET,
    )


def _when(instant: datetime | None) -> str:
    return instant.astimezone(citytime.zone()).strftime("%Y-%m-%d %H:%M") if instant else ""
