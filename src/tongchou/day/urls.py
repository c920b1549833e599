"""The day's pages under /day/."""

from django.urls import path

from tongchou.day import pages

urlpatterns = [
    path("", pages.day_brief, name="day-brief"),
    path("run/", pages.day_run, name="day-run"),
]
