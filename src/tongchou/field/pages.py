"""The phone page of a grid worker: one list of today's work, one tap a step."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.field.stacks import stacked
from tongchou.tasks.queries import today


@page("field")
@require_GET
def today_page(request: HttpRequest) -> HttpResponse:
    """Today's list of the post, the most urgent first."""
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404  # the gate lets nobody through unsigned
    work = today.of(actor)
    day = citytime.today()
    context = {
        "actor": actor,
        "work": work,
        "today": day,
        "stacks": stacked(work.to_do, citytime.day_close(day)) if work else [],
    }
    return render(request, "field/today.html", context)
