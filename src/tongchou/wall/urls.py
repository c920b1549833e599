"""The command wall and the comparisons of scenarios on it."""

from collections.abc import Callable
from importlib import import_module
from typing import Any

from django.http import HttpRequest, HttpResponse
from django.urls import path, re_path

from tongchou.access.pages import page
from tongchou.wall import pages


def scenario(view: str, route_name: str) -> Callable[..., HttpResponse]:
    """A page of comparisons. The engine behind it takes seconds and 100 MB to load: the first who opens one waits, no other page and no command."""

    @page(route_name)
    def late(request: HttpRequest, **named: Any) -> HttpResponse:
        shown: HttpResponse = getattr(import_module("tongchou.wall.scenario.pages"), view)(request, **named)
        return shown

    return late


urlpatterns = [
    path("", pages.wall, name="wall"),
    re_path(r"^area/(?P<path>[0-9]{2,18})/$", pages.area, name="wall-area"),
    re_path(r"^live/(?P<path>[0-9]{2,18})/$", pages.live, name="wall-live"),
    path("scenarios/", scenario("scenarios", "scenarios"), name="scenarios"),
    path("scenarios/new/", scenario("new", "scenario-new"), name="scenario-new"),
    path("scenarios/<uuid:pk>/", scenario("one", "scenario"), name="scenario"),
    path("scenarios/<uuid:pk>/progress/", scenario("progress", "scenario-progress"), name="scenario-progress"),
    path("scenarios/<uuid:pk>/bands.csv", scenario("as_csv", "scenario-csv"), name="scenario-csv"),
    path("scenarios/<uuid:pk>/result.json", scenario("as_json", "scenario-json"), name="scenario-json"),
]
