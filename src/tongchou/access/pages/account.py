"""One's own account: the post one acts for, the purpose of reading, password and second factor."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongchou import citytime
from tongchou.access import permissions
from tongchou.access.actions import session as actions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.access.queries import holders, session
from tongchou.access.roles import WITHOUT_SECOND_FACTOR, Role
from tongchou.refusal import Refusal


@page("access-account")
@require_safe
def account(request: HttpRequest) -> HttpResponse:
    """Who I am here: my posts, my second factor, what I may see."""
    actor = _actor(request)
    posts = session.posts_of_request(request)
    context = {
        "posts": posts,
        "current": actor.post_id,
        "role": Role(actor.role).label if actor.role else "",
        "needs_factor": bool(actor.role) and actor.role not in WITHOUT_SECOND_FACTOR,
        "has_factor": Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists(),
        "by_phone": session.PHONE_KEY in request.session,
        "purpose": purpose_label(actor.purpose),
        "rights": [(cls, permissions.right(actor, cls)) for cls in permissions.table().classes],
    }
    return render(request, "access/account.html", context)


@page("purpose")
@require_http_methods(["GET", "HEAD", "POST"])
def purpose(request: HttpRequest) -> HttpResponse:
    """Choose for what personal data is read in the next eight hours."""
    actor, onward = _actor(request), _onward(request)
    if request.method == "POST":
        try:
            actions.choose_purpose(request=request, purpose=request.POST.get("purpose", ""), by=actor)
        except Refusal as refusal:
            messages.error(request, refusal.text)
        else:
            return redirect(onward)
    choices = [(code, purpose_label(code)) for code in permissions.table().purposes]
    context = {"choices": choices, "current": actor.purpose, "next": onward, "hours": permissions.table().purpose_hours}
    return render(request, "access/purpose.html", context)


@page("switch-post")
@require_http_methods(["GET", "HEAD", "POST"])
def switch_post(request: HttpRequest) -> HttpResponse:
    """Act for another of one's posts."""
    actor = _actor(request)
    if request.method == "POST":
        try:
            post = actions.switch_post(request=request, post_id=request.POST.get("post", ""), by=actor)
        except Refusal as refusal:
            messages.error(request, refusal.text)
        else:
            messages.success(request, _("现在代表岗位：%(post)s") % {"post": post.name})
            return redirect(_onward(request))
    posts = session.posts_of_request(request)
    today = citytime.today()
    lines = [(post, holders.who_answers(post, today), Role(post.role).label) for post in posts]
    return render(request, "access/switch_post.html", {"lines": lines, "current": actor.post_id, "next": _onward(request)})


def purpose_label(code: str) -> str:
    """The purpose in the reader's language; a token's own purpose is shown as it is."""
    row = permissions.table().purposes.get(code)
    return (row["en"] if (get_language() or "").startswith("en") else row["zh"]) if row else code


def _onward(request: HttpRequest) -> str:
    wanted = request.POST.get("next") or request.GET.get("next") or "/"
    return wanted if url_has_allowed_host_and_scheme(wanted, {request.get_host()}, request.is_secure()) else "/"


def _actor(request: HttpRequest) -> Any:
    return Actor.of_request(request)
