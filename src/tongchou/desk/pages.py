"""My work, the notices of a post, and the one search box."""

from __future__ import annotations

from typing import Any

from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseRedirect
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from tongchou import citytime, notices
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.desk.actions.notice import read_all_notices
from tongchou.desk.actions.visit import note_visit
from tongchou.desk.queries import admin, brief, changes, finds
from tongchou.tasks.queries import today

NOTICES_SHOWN = 5
NOTICES_A_PAGE = 30


@page("home")
@require_GET
def home(request: HttpRequest) -> HttpResponse:
    """The first page after sign-in: what this post must do today."""
    actor = _actor(request)
    since = note_visit(by=actor) if actor.post_id else None
    context: dict[str, Any] = {
        "actor": actor,
        "today": citytime.today(),
        "wall_url": reverse("wall") if permissions.may_open(actor, "wall") else "",
        "unread": notices.inbox([actor.post_id]).filter(read_at=None)[:NOTICES_SHOWN] if actor.post_id else [],
        "since": since,
        "changes": changes.since(actor, since) if since else [],
        "work": today.of(actor),
        "late_below": today.late_below(actor),
        "brief": brief.newest(actor),
        "matters": admin.waiting(actor),
    }
    return render(request, "desk/home.html", context)


@page("notices")
@require_GET
def notice_list(request: HttpRequest) -> HttpResponse:
    actor = _actor(request)
    pages = Paginator(notices.inbox([actor.post_id]), NOTICES_A_PAGE)
    return render(request, "desk/notices.html", {"shown": pages.get_page(request.GET.get("page"))})


@page("notice")
def notice(request: HttpRequest, pk: str) -> HttpResponse:
    """Open one notice: GET shows it, POST marks it read and goes where it leads."""
    actor = _actor(request)
    row = notices.inbox([actor.post_id]).filter(pk=pk).first()
    if row is None:
        raise Http404
    if request.method == "POST":
        notices.mark_read(notice=row, by=actor)
        inside = url_has_allowed_host_and_scheme(row.link, allowed_hosts=None)
        return HttpResponseRedirect(row.link) if row.link and inside else redirect("notices")
    return render(request, "desk/notice.html", {"notice": row})


@page("notices-read-all")
@require_POST
def read_all(request: HttpRequest) -> HttpResponse:
    read_all_notices(by=_actor(request))
    return redirect("notices")


@page("search")
@require_http_methods(["GET", "POST"])
def search(request: HttpRequest) -> HttpResponse:
    """By name, ID number, phone, area or number, inside the post's scope; what was read goes into the trail.

    The words come by POST, so that no name or ID number stands in an address, a history or a server's log.
    """
    actor = _actor(request)
    text = request.POST.get("q", "").strip()[:100]
    groups = finds.groups(actor, text)
    return render(request, "desk/search.html", {"search_text": text, "groups": groups, "asked": bool(text)})


def _actor(request: HttpRequest) -> Actor:
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404  # the gate lets nobody through unsigned; a route opened by mistake shows nothing
    return actor
