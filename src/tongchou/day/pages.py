"""The brief of any day, and running the day."""

from __future__ import annotations

from datetime import date, datetime
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from tongchou import citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.day.loop import run_day
from tongchou.day.models import DayBrief
from tongchou.day.publish import STEPS
from tongchou.day.queries.brief import neighbours, newest_brief, versions
from tongchou.day.words import HEADS, speak
from tongchou.reason import from_stored
from tongchou.refusal import Refusal


@page("day-brief")
def day_brief(request: HttpRequest) -> HttpResponse:
    """The brief of the day asked for, or of the newest day."""
    day, problem = _day(request.GET.get("date", ""))
    brief = newest_brief(day)
    wanted = request.GET.get("version", "")
    if brief is not None and wanted.isdigit():
        brief = next((one for one in versions(brief) if one.version == int(wanted)), brief)
    context: dict[str, Any] = {
        "day": day or (brief.day_on if brief else citytime.today()),
        "problem": problem,
        "brief": brief,
        "may_run": permissions.may_open(Actor.of_request(request), "day-run"),
        "today": citytime.today(),
    }
    if brief is not None:
        before, after = neighbours(brief)
        cases, _at, changed = brief.data_version.partition("@")
        read_at = None if changed in ("", "-") else datetime.fromisoformat(changed)
        context |= {"cases": cases, "read_at": read_at, "steps": _steps(brief), "versions": versions(brief), "before": before, "after": after}
    return render(request, "day/brief.html", context)


@page("day-run")
@require_POST
def day_run(request: HttpRequest) -> HttpResponse:
    """Run the six steps of a day as this post, then show the brief."""
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404
    day, problem = _day(request.POST.get("date", ""))
    if problem:
        messages.error(request, problem)
        return redirect("day-brief")
    try:
        brief = run_day(day or citytime.today(), by=actor)
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return redirect("day-brief")
    messages.success(
        request, _("已运行 %(day)s，简报第 %(version)s 版。") % {"day": brief.day_on, "version": brief.version}
    )
    return redirect(f"{request.path.removesuffix('run/')}?date={brief.day_on.isoformat()}")


def _steps(brief: DayBrief) -> list[dict[str, Any]]:
    lang = "zh" if (get_language() or "zh").startswith("zh") else "en"
    side = 0 if lang == "zh" else 1
    return [
        {
            "name": name,
            "head": HEADS[name][side],
            "lines": [speak(from_stored(line), lang) for line in brief.lines if line["step"] == name],
        }
        for name in STEPS
    ]


def _day(text: str) -> tuple[date | None, str]:
    if not text:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, _("日期“%(text)s”无法识别，请写成 2020-02-14。") % {"text": text[:20]}
