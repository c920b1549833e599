"""My work, notices, search."""

from django.urls import path

from tongchou.desk import pages, steps

urlpatterns = [
    path("", pages.home, name="home"),
    path("notices/", pages.notice_list, name="notices"),
    path("notices/read-all/", pages.read_all, name="notices-read-all"),
    path("notices/<uuid:pk>/", pages.notice, name="notice"),
    path("act/<uuid:pk>/<slug:step>/", steps.act, name="act"),
    path("search/", pages.search, name="search"),
]
