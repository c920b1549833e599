"""The map of divisions on any day, drawn by ourselves, and the same as data for a chart."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from functools import wraps
from typing import Any

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.safestring import SafeString

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.areas import schematic
from tongchou.areas.drafts import parse_day
from tongchou.areas.models import Level
from tongchou.areas.queries import maps
from tongchou.areas.tree import Division
from tongchou.refusal import Refusal


def _asked(request: HttpRequest) -> tuple[str, date | None, str]:
    """(area path, day, level) of the query: ``under``, ``on``, ``level``. Raises Refusal."""
    text = request.GET.get("under", "").strip()
    under = areas.get(text).path if text else _own(Actor.of_request(request))
    return under, parse_day("on", request.GET.get("on", "").strip()), request.GET.get("level", "").strip()


def _own(actor: Actor | None) -> str:
    """The area that a post's map begins with: its own, or the one above where there is nothing below its own."""
    path = actor.area_path if actor else ""
    if not path:
        tops = [row.path for row in areas.below("") if row.level == "city"]
        path = tops[0] if tops else ""
    while path and not areas.children(path) and areas.parent_of(path) in areas.tree().versions:
        path = areas.parent_of(path)
    return path


def _answers(view: Callable[[str, date | None, str], dict[str, Any]]) -> Callable[[HttpRequest], HttpResponse]:
    """A JSON view: what is asked wrongly comes back as {code, zh, en} with 404 (no such area) or 400."""

    @wraps(view)
    def answered(request: HttpRequest) -> HttpResponse:
        try:
            return JsonResponse(view(*_asked(request)), json_dumps_params={"ensure_ascii": False})
        except Refusal as error:
            unknown = isinstance(error, areas.NoArea)
            return JsonResponse(
                {"code": error.code, "zh": error.zh, "en": error.en},
                status=404 if unknown else 400,
                json_dumps_params={"ensure_ascii": False},
            )

    return answered


@page("area-schematic")
@_answers
def schematic_data(under: str, on: date | None, level: str) -> dict[str, Any]:
    """The hexagons as GeoJSON for ECharts (``areas.schematic.geojson``)."""
    return maps.schematic_map(under, on, level)


@page("area-outlines")
@_answers
def outline_data(under: str, on: date | None, level: str) -> dict[str, Any]:
    """The city's own outlines as GeoJSON, each with its datum and source (``areas.queries.maps.outline_map``)."""
    return maps.outline_map(under, on, level)


@page("area-map")
def area_map(request: HttpRequest) -> HttpResponse:
    """The divisions of a day as a map and as a table, with what each became later."""
    problem, status, shown = "", 200, []
    actor = Actor.of_request(request)
    under, day, level = "", None, ""
    try:
        under, day, level = _asked(request)
        shown = maps.parts(under, day, level) if under else []
    except Refusal as error:
        problem, status = error.text, 404 if isinstance(error, areas.NoArea) else 400
    on = day or citytime.today()
    context = {
        "problem": problem,
        "may_list": permissions.may(actor, "area", "list"),
        "under": under,
        "on": on,
        "level": level,
        "levels": Level.choices,
        "name": areas.full_name(under, on) if under else "",
        "own_name": areas.name_of(under, on) if under else "",
        "above": [(path, areas.name_of(path, on)) for path in areas.ancestors(under) if path in areas.tree().versions]
        if under
        else [],
        "map": SafeString(_drawing(shown, on, areas.full_name(under, on))) if shown else "",
        "lines": [_line(one, on) for one in shown],
    }
    return render(request, "house/area_map.html", context, status=status)


def _drawing(shown: list[Division], on: date, name: str) -> str:
    """The drawing; every word of it is escaped where it is written."""
    cells = maps.schematic_cells(shown, on)
    links = {one.path: _address(one.path, on) for one in shown if areas.children(one.path, on)}
    return schematic.svg(shown, cells, links=links, label=name)


def _line(one: Division, on: date) -> dict[str, Any]:
    return {
        "division": one,
        "level": Level(one.level).label,
        "below": len(areas.children(one.path, on)),
        "address": _address(one.path, on),
        "changes": [
            (change.changed_on, areas.full_name(change.to_path, change.changed_on), float(change.share))
            for change in areas.tree().changes
            if change.from_path == one.path and change.to_path != one.path
        ],
    }


def _address(path: str, on: date) -> str:
    return f"{reverse('area-map')}?under={path}&on={on.isoformat()}"
