"""Pages of persons under /people/; their lists and forms are the kernel's."""

from django.urls import path

from tongchou.people import pages

urlpatterns = [
    path("duplicates/", pages.duplicates, name="duplicates"),
]
