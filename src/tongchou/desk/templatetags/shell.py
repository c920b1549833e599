"""What ``base.html`` shows around a page: city, clock, person, menu."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings

from tongchou import citytime

register = template.Library()


@dataclass(frozen=True)
class Shell:
    """The frame's facts for one request. ``now`` is an aware instant; ``running`` tells whether it moves on."""

    now: datetime
    zone: str
    demo: bool
    signed_in: bool
    name: str


@register.simple_tag(takes_context=True)
def frame(context: template.Context) -> Shell:
    """``{% frame as shell %}``: the facts of the frame; without a request (error pages) only those that need none."""
    request: Any = context.get("request")
    user = getattr(request, "user", None)
    signed_in = bool(user and user.is_authenticated)
    return Shell(
        now=citytime.now(),
        zone=settings.TIME_ZONE,
        demo=settings.DEMO,
        signed_in=signed_in,
        name=str(user) if signed_in else "",
    )
