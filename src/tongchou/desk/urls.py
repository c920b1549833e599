"""My work, notices, search."""

from django.urls import path

from tongchou.desk import pages

urlpatterns = [
    path("", pages.home, name="home"),
    path("notices/", pages.notice_list, name="notices"),
    path("notices/read-all/", pages.read_all, name="notices-read-all"),
    path("notices/<uuid:pk>/", pages.notice, name="notice"),
    path("search/", pages.search, name="search"),
]
