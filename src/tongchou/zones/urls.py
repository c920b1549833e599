"""Zone pages under /zones/."""

from django.urls import path, re_path

from tongchou.zones import pages

urlpatterns = [
    path("", pages.zones, name="zones"),
    re_path(r"^(?P<area_path>[0-9]{4,15})/$", pages.zone_area, name="zone-area"),
    re_path(r"^(?P<area_path>[0-9]{4,15})/decide/$", pages.zone_decide, name="zone-decide"),
]
