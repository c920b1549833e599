"""The command wall and the comparisons of scenarios on it."""

from django.urls import path, re_path

from tongchou.wall import pages
from tongchou.wall.scenario import pages as scenario

urlpatterns = [
    path("", pages.wall, name="wall"),
    re_path(r"^area/(?P<path>[0-9]{2,18})/$", pages.area, name="wall-area"),
    re_path(r"^live/(?P<path>[0-9]{2,18})/$", pages.live, name="wall-live"),
    path("scenarios/", scenario.scenarios, name="scenarios"),
    path("scenarios/new/", scenario.new, name="scenario-new"),
    path("scenarios/<uuid:pk>/", scenario.one, name="scenario"),
    path("scenarios/<uuid:pk>/progress/", scenario.progress, name="scenario-progress"),
    path("scenarios/<uuid:pk>/bands.csv", scenario.as_csv, name="scenario-csv"),
    path("scenarios/<uuid:pk>/result.json", scenario.as_json, name="scenario-json"),
]
