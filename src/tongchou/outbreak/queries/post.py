"""Which post of an area does a kind of work for a case."""

from __future__ import annotations

from datetime import date

from tongchou import areas
from tongchou.access.models import Post
from tongchou.access.roles import Role


def post_for(role: str, area_path: str, on: date) -> Post | None:
    """The post of ``role`` nearest above ``area_path`` that exists on a day; None where the city has none."""
    paths = [*areas.ancestors(area_path), area_path]
    found = [row for row in Post.objects.filter(role=role, area_path__in=paths).order_by("code") if row.in_force_on(on)]
    return max(found, key=lambda row: len(row.area_path), default=None)


def county_cdc(area_path: str, on: date) -> Post | None:
    """The county's centre for disease control, or the city's where the county has no post."""
    return post_for(Role.CDC_DISTRICT, area_path, on) or post_for(Role.CDC_CITY, area_path, on)


def city_cdc(area_path: str, on: date) -> Post | None:
    return post_for(Role.CDC_CITY, area_path, on)
