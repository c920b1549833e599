"""The command wall."""

from django.urls import path, re_path

from tongchou.wall import pages

urlpatterns = [
    path("", pages.wall, name="wall"),
    re_path(r"^area/(?P<path>[0-9]{2,18})/$", pages.area, name="wall-area"),
    re_path(r"^live/(?P<path>[0-9]{2,18})/$", pages.live, name="wall-live"),
]
