"""Pages of what stands below the kernel; each subject brings its own addresses."""

from django.urls import include, path

from tongchou.house.areas import pages as area_pages
from tongchou.house.trail import pages as trail_pages

urlpatterns = [
    path("areas/map/", area_pages.area_map, name="area-map"),
    path("areas/schematic.json", area_pages.schematic_data, name="area-schematic"),
    path("areas/outlines.json", area_pages.outline_data, name="area-outlines"),
    path("audit/", trail_pages.audit_trail, name="audit-trail"),
    path("rules/", include("tongchou.house.rules.urls")),
]
