"""One click on a task: the step is taken by its action, the row comes back as it now stands."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any
from urllib.parse import quote

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_POST

from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.refusal import Refusal
from tongchou.tasks.actions import task as acts
from tongchou.tasks.models import Task
from tongchou.tasks.queries import today

STEPS: dict[str, tuple[Callable[..., Any], str]] = {
    "accept": (acts.accept_task, ""),
    "report": (acts.report_task, "note"),
    "recall": (acts.recall_report, ""),
    "verify": (acts.verify_task, ""),
    "return": (acts.return_task, "reason"),
    "close": (acts.close_task, ""),
}
FACES = {"desk": ("desk/_task_row.html", "home"), "field": ("field/_card.html", "field")}


@page("act")
@require_POST
def act(request: HttpRequest, pk: str, step: str) -> HttpResponse:
    """Take a step on a task of this post. With htmx the row comes back; without, the page that asked."""
    actor = Actor.of_request(request)
    if actor is None or step not in STEPS or not permissions.may(actor, "task", step):
        raise Http404
    task = Task.objects.filter(pk=pk).first()
    if task is None or not (task.is_doer(actor.post_id) or task.requester_post == actor.post_id):
        raise Http404
    template, page_name = FACES.get(request.POST.get("face", ""), FACES["desk"])
    do, word = STEPS[step]
    words = {word: request.POST.get(word, "")} if word else {}
    try:
        done = do(task=task, by=actor, **words)
    except Refusal as refusal:
        return _refused(request, refusal, page_name)
    if not request.htmx:  # type: ignore[attr-defined]
        return redirect(page_name)
    return render(request, template, {"item": today.item(actor, done), "just": step})


def _refused(request: HttpRequest, refusal: Refusal, page_name: str) -> HttpResponse:
    if not request.htmx:  # type: ignore[attr-defined]
        messages.error(request, refusal.text)
        return redirect(page_name)
    response = HttpResponse(refusal.text, status=409, content_type="text/plain; charset=utf-8")
    response["X-Tongchou-Say"] = quote(refusal.text)
    return response
