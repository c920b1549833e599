"""Outbreak pages under /outbreak/; lists, forms and actions are the kernel's."""

from django.urls import path, re_path

from tongchou.outbreak import outlook_pages, pages

urlpatterns = [
    path("cases/report/", pages.case_report, name="case-report"),
    path("cases/<uuid:pk>/", pages.case_course, name="case-course"),
    path("outlook/", outlook_pages.outlook, name="outlook"),
    re_path(r"^outlook/(?P<path>[0-9]{4,9})/$", outlook_pages.outlook_area, name="outlook-area"),
]
