"""Outbreak pages under /outbreak/; lists, forms and actions are the kernel's."""

from django.urls import path

from tongchou.outbreak import pages

urlpatterns = [
    path("cases/report/", pages.case_report, name="case-report"),
    path("cases/<uuid:pk>/", pages.case_course, name="case-course"),
]
