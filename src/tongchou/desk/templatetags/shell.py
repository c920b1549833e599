"""What ``base.html`` shows around a page: city, clock, person, menu."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from django import template
from django.conf import settings
from django.utils.translation import gettext as _

from tongchou import citytime
from tongchou.access.actor import Actor
from tongchou.desk.queries import frame as around

register = template.Library()


@dataclass(frozen=True)
class Shell:
    """The frame's facts for one request. ``now`` is an aware instant of the city's clock."""

    now: datetime
    zone: str
    demo: bool
    signed_in: bool = False
    name: str = ""
    post: str = ""
    purpose: str = ""
    city: str = ""
    outbreak: str = ""
    unread: int = 0
    notices_url: str = ""
    search_url: str = ""
    menu: list[around.Group] = field(default_factory=list)
    account_links: list[around.Link] = field(default_factory=list)


@register.simple_tag(takes_context=True)
def frame(context: template.Context) -> Shell:
    """``{% frame as shell %}``. Without a signed-in user (sign-in and error pages) only what needs no post."""
    request: Any = context.get("request")
    actor = Actor.of_request(request) if request is not None else None
    plain = Shell(now=citytime.now(), zone=settings.TIME_ZONE, demo=settings.DEMO)
    if actor is None:
        return plain
    notices = list(around.link_to("notices", actor, "", ""))
    search = list(around.link_to("search", actor, "", ""))
    return Shell(
        now=plain.now,
        zone=plain.zone,
        demo=plain.demo,
        signed_in=True,
        name=actor.name,
        post=actor.post_name,
        purpose=around.purpose_name(actor),
        city=around.city_name(),
        unread=around.unread(actor) if notices else 0,
        notices_url=notices[0].url if notices else "",
        search_url=search[0].url if search else "",
        menu=around.menu(actor, request.path),
        account_links=_account_links(actor),
    )


def _account_links(actor: Actor) -> list[around.Link]:
    return [
        *around.link_to("switch-post", actor, _("切换岗位"), "arrow-left-right"),
        *around.link_to("purpose", actor, _("查看用途"), "eye"),
        *around.link_to("access-account", actor, _("账户与登录"), "key"),
    ]
