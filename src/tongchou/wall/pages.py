"""The command wall and its drill-down; ``live`` gives the moving part again when something has changed."""

from __future__ import annotations

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.outbreak import reach
from tongchou.wall.board import Board, board_of, current_outbreak


@page("wall")
@require_GET
def wall(request: HttpRequest) -> HttpResponse:
    """The widest area that this post sees."""
    return _whole(request, "")


@page("wall-area")
@require_GET
def area(request: HttpRequest, path: str) -> HttpResponse:
    """One county, township or village."""
    return _whole(request, path)


@page("wall-live")
@require_GET
def live(request: HttpRequest, path: str) -> HttpResponse:
    """204 while what the page shows (``?version=``) still holds; else the live part anew."""
    board = _board(request, path)
    if board.version and board.version == request.GET.get("version"):
        return HttpResponse(status=204)
    return render(request, "wall/_live.html", {"board": board})


def _whole(request: HttpRequest, path: str) -> HttpResponse:
    actor = Actor.of_request(request)
    may_compare = actor is not None and permissions.may_open(actor, "scenarios")
    return render(request, "wall/wall.html", {"board": _board(request, path), "may_compare": may_compare})


def _board(request: HttpRequest, path: str) -> Board:
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404  # the gate lets nobody through unsigned
    outbreak = current_outbreak()
    city = outbreak.area_path if outbreak else _city()
    wanted = path or reach.top_of(actor, city)
    if city and (not reach.reaches(actor, city, wanted) or areas.find(wanted) is None):
        raise Http404
    return board_of(actor, outbreak, wanted)


def _city() -> str:
    cities = areas.below("", level="city")
    return cities[0].path if cities else ""
