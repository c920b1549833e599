"""The page of one division down to the village: its own ledger and its score (mechanism A08)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.models.organisation import in_force
from tongchou.access.pages import page
from tongchou.areas import AreaError
from tongchou.ledger import paging, registry
from tongchou.ledger.declaration import Ledger
from tongchou.tasks.models import OPEN_STATES, REVIEW_STATES
from tongchou.tasks.pages import actor_of, tasks_of
from tongchou.tasks.queries import board
from tongchou.tasks.queries import clock as clocks

SHOWN_TASKS = 50


@dataclass(frozen=True)
class LedgerLine:
    """How many rows of one ledger lie in the division, with the way to them. ``more``: counting stopped at ``number``."""

    label: Any
    number: int
    more: bool
    url: str


@page("village")
def village_page(request: HttpRequest, area_path: str) -> HttpResponse:
    """What one division answers for: its tasks, its rows in every ledger, its posts, its score; for an upper one, those below."""
    actor, now = actor_of(request), citytime.now()
    path = _own(area_path, actor)
    rows = tasks_of(actor).filter(areas.within("area_path", path))
    shown = list(rows.filter(state__in=(*OPEN_STATES, *REVIEW_STATES)).select_related("clock").order_by("due_at", "id")[:SHOWN_TASKS])
    readings = clocks.readings([row.clock for row in shown if row.clock], now)
    context = {
        "now": now,
        "path": path,
        "name": areas.name_of(path),
        "full_name": areas.full_name(path),
        "above": [(step, areas.name_of(step)) for step in areas.ancestors(path) if _covers(actor, step)],
        "score": board.score(rows, now, area=path),
        "counts": board.counts_by_state(rows),
        "late": board.late(rows, now).count(),
        "tasks": [(row, readings.get(row.clock_id) if row.clock_id else None) for row in shown],
        "ledgers": list(_ledger_lines(actor, path)),
        "posts": _posts(path),
        "lines": board.lines_below(rows, path, now),
        "smallest": areas.level_of(path) in ("village", "grid"),
    }
    return render(request, "tasks/village.html", context)


def _own(text: str, actor: Actor) -> str:
    """The path, if it is a division inside the actor's area; else the page does not exist."""
    try:
        division = areas.get(text)
    except AreaError as error:
        raise Http404(error.zh) from error
    if not _covers(actor, division.path):
        raise Http404(_("这个区划不在您的辖区内。"))
    return division.path


def _covers(actor: Actor, path: str) -> bool:
    return any(scope.kind == "area" and path.startswith(scope.value) for scope in actor.scopes)


def _ledger_lines(actor: Actor, path: str) -> Any:
    """Each ledger that is placed by area and open to this actor, with its number of rows here."""
    for ledger in registry.every():
        place = ledger.placed.get("area", "")
        if not place or ledger.key == "area" or not permissions.may(actor, ledger.key, "list"):
            continue
        number, more = paging.count_up_to(_here(ledger, actor, place, path))
        yield LedgerLine(ledger.label, number, more, _list_url(ledger, place, path))


def _here(ledger: Ledger, actor: Actor, place: str, path: str) -> QuerySet:
    return ledger.rows(actor).filter(areas.within(place, path))


def _list_url(ledger: Ledger, place: str, path: str) -> str:
    """The ledger's list, narrowed to the division where the ledger filters by it."""
    name = next((column.name for column in ledger.columns if column.kind == "area" and column.name in ledger.filters), "")
    url = reverse("ledger-list", kwargs={"key": ledger.key})
    return f"{url}?{name}={path}" if name else url


def _posts(path: str) -> list[Post]:
    return list(Post.objects.filter(in_force(citytime.today(), "active_from_on", "active_to_on"), area_path=path).order_by("code"))


