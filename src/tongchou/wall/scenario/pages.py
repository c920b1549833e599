"""Pages of scenario comparisons: the list, the form that builds one, its progress and result, and the files of it.

``wall.urls`` loads them when the first is asked for, and states their names in the permission table.
"""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from tongchou import areas, citytime, ledger
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.outbreak import reach
from tongchou.refusal import Refusal
from tongchou.scenarios.actions import run as acts
from tongchou.scenarios.models import ScenarioRun
from tongchou.wall.scenario import draft, files, form
from tongchou.wall.scenario.view import line_of, view_of

LIST_LENGTH = 40


@require_GET
def scenarios(request: HttpRequest) -> HttpResponse:
    """Earlier comparisons within reach, the newest first."""
    actor = _actor(request)
    rows = ledger.get("scenario_run").rows(actor).select_related("job").order_by("-asked_at", "-id")
    shown = list(rows[: LIST_LENGTH + 1])
    context = {
        "rows": [line_of(row, _lang()) for row in shown[:LIST_LENGTH]],
        "more": len(shown) > LIST_LENGTH,
        "may_ask": permissions.may(actor, acts.LEDGER, "create"),
        "running": any(not row.job.over for row in shown),
    }
    return render(request, "wall/scenarios.html", context)


@require_http_methods(["GET", "POST"])
def new(request: HttpRequest) -> HttpResponse:
    """Build a comparison; every button of the form sends all of it, ``do`` says what to do with it."""
    actor = _actor(request)
    top = _top(actor)
    open_areas = form.areas_open(top, citytime.today())
    if request.method == "GET":
        plan = draft.first_plan(top, open_areas, _earlier(request, actor), _lang())
        return render(request, "wall/scenario_new.html", plan.context())
    plan = draft.sent_plan(request.POST, request.FILES, open_areas, _lang())
    row = plan.ask(actor) if plan.do == "run" else None
    if row is None:
        return render(request, "wall/scenario_new.html", plan.context(), status=422 if plan.do == "run" and not request.headers.get("HX-Request") else 200)
    address = reverse("scenario", kwargs={"pk": row.pk})
    if request.headers.get("HX-Request"):
        return HttpResponse(status=204, headers={"HX-Redirect": address})
    return redirect(address)


@require_http_methods(["GET", "POST"])
def one(request: HttpRequest, pk: str) -> HttpResponse:
    """Progress of a comparison, or its result; POST cancels it or lets it go on."""
    actor = _actor(request)
    row, problem = _row(actor, pk), ""
    if request.method == "POST":
        act = {"cancel": acts.cancel_run, "resume": acts.resume_run}.get(request.POST.get("do", ""))
        if act is None or not permissions.may(actor, acts.LEDGER, request.POST["do"]):
            raise Http404
        try:
            act(run=row, by=actor)
            return redirect("scenario", pk=row.pk)
        except Refusal as refusal:
            problem = refusal.text
    context = {
        "view": view_of(row, _lang()), "problem": problem, "may_ask": permissions.may(actor, acts.LEDGER, "create"),
        "may_cancel": permissions.may(actor, acts.LEDGER, "cancel"), "may_resume": permissions.may(actor, acts.LEDGER, "resume"),
    }  # fmt: skip
    return render(request, "wall/scenario.html", context)


@require_GET
def progress(request: HttpRequest, pk: str) -> HttpResponse:
    """The moving part of a comparison that runs; the whole page is asked for again once it is over."""
    row = _row(_actor(request), pk)
    answer = render(request, "wall/_scenario_progress.html", {"view": view_of(row, _lang())})
    if row.job.over:
        answer["HX-Refresh"] = "true"
    return answer


@require_GET
def as_csv(request: HttpRequest, pk: str) -> HttpResponse:
    """Bands of every series by day, both scenarios."""
    return files.csv_of(_done(request, pk))


@require_GET
def as_json(request: HttpRequest, pk: str) -> HttpResponse:
    """Everything that was asked and everything that came of it."""
    return files.json_of(_done(request, pk))


def _done(request: HttpRequest, pk: str) -> ScenarioRun:
    row = _row(_actor(request), pk)
    if row.computed_at is None:
        raise Http404(_("推演还没有算完"))
    return row


def _row(actor: Actor, pk: str) -> ScenarioRun:
    found = ledger.get(acts.LEDGER).rows(actor).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _earlier(request: HttpRequest, actor: Actor) -> ScenarioRun | None:
    """The comparison named by ``?from=`` to start from, where the actor may see it."""
    text = request.GET.get("from", "")
    return _row(actor, text) if draft.is_id(text) else None


def _actor(request: HttpRequest) -> Actor:
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404  # the gate lets nobody through unsigned
    return actor


def _top(actor: Actor) -> str:
    """The widest area that the post answers for: it may simulate that and the counties in it, and see what was found there."""
    cities = areas.below("", level="city")
    city = cities[0].path if cities else ""
    own = actor.area_path or reach.top_of(actor, city)
    return own if own and areas.find(own) else city


def _lang() -> str:
    return "en" if (get_language() or "").startswith("en") else "zh"


