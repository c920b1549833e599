"""The phone page."""

from django.urls import path

from tongchou.field import pages

urlpatterns = [path("", pages.today_page, name="field")]
