"""The trail by time: filtered, paged by position, with the check of the chain one click away."""

from __future__ import annotations

from datetime import date

from django.contrib import messages
from django.db.models import QuerySet
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render

from tongchou import audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.audit.models import Entry

LINES = 100
TEXT_FILTERS = ("ledger", "object_id", "action", "user", "post")


@page("audit-trail")
def audit_trail(request: HttpRequest) -> HttpResponse:
    """Lines, newest first. Reading the trail is itself a line; checking the chain is a POST."""
    actor = Actor.of_request(request)
    assert actor is not None
    if request.method == "POST" and permissions.may(actor, "audit", "verify"):
        verdict = audit.verify()
        audit.record("verify", ledger="audit", object_id="", by=actor.by, count=max(1, verdict.rows))
        told = verdict.en if request.LANGUAGE_CODE == "en" else verdict.zh  # type: ignore[attr-defined]
        (messages.success if verdict.sound else messages.error)(request, told)
        return redirect("audit-trail")
    asked = {name: request.GET.get(name, "").strip() for name in (*TEXT_FILTERS, "day", "before")}
    lines = list(_narrowed(asked)[: LINES + 1])
    audit.record("list", ledger="audit", object_id="", by=actor.by, count=max(1, min(len(lines), LINES)))
    context = {
        "lines": lines[:LINES],
        "asked": asked,
        "next": lines[LINES - 1].position if len(lines) > LINES else None,
        "may_verify": permissions.may(actor, "audit", "verify"),
    }
    return render(request, "house/audit_trail.html", context)


def _narrowed(asked: dict[str, str]) -> QuerySet[Entry]:
    lines = Entry.objects.order_by("-position")
    for name in TEXT_FILTERS:
        if asked[name]:
            lines = lines.filter(**{name: asked[name]})
    if asked["before"].isdigit():
        lines = lines.filter(position__lt=int(asked["before"]))
    try:
        day = date.fromisoformat(asked["day"]) if asked["day"] else None
    except ValueError:
        day, asked["day"] = None, ""
    if day is not None:
        lines = lines.filter(at__gte=citytime.day_start(day), at__lt=citytime.day_close(day))
    return lines
