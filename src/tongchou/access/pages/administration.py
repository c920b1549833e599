"""Pages of the three administrators: doors of a user, tokens of machines, the tables of rights and of personal fields."""

from __future__ import annotations

from typing import Any

from allauth.mfa.models import Authenticator
from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.urls import reverse
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from tongchou import citytime
from tongchou.access import permissions, personal
from tongchou.access.actions import token as token_actions
from tongchou.access.actions import user as actions
from tongchou.access.actor import Actor
from tongchou.access.forms import TokenForm
from tongchou.access.models import ApiToken, PostHolding, User
from tongchou.access.pages import page
from tongchou.access.roles import Role
from tongchou.refusal import Refusal

PAGE_USERS = 50


@page("accounts")
@require_safe
def accounts(request: HttpRequest) -> HttpResponse:
    """Accounts by work number or name, each with its doors."""
    text = request.GET.get("q", "").strip()
    rows = User.objects.order_by("username")
    if text:
        rows = rows.filter(Q(username=text) | Q(name=text))
    found = Paginator(rows, PAGE_USERS).get_page(request.GET.get("page"))
    return render(request, "access/accounts.html", {"page": found, "text": text, "extra": urlencode({"q": text}) if text else ""})


@page("user-doors")
@require_http_methods(["GET", "HEAD", "POST"])
def user_doors(request: HttpRequest, pk: Any) -> HttpResponse:
    """How a user gets in: a one-time link, the second factor, the end of the account."""
    user = get_object_or_404(User, pk=pk)
    actor, issued = _actor(request), ""
    if request.method == "POST":
        try:
            issued = _change_user(request, user, actor)
        except Refusal as refusal:
            messages.error(request, refusal.text)
    context = {
        "user_row": user,
        "holdings": PostHolding.objects.filter(PostHolding.held(citytime.today()), user=user).select_related("post"),
        "has_factor": Authenticator.objects.filter(user=user, type=Authenticator.Type.TOTP).exists(),
        "issued": request.build_absolute_uri(reverse("one-time-link", args=[issued])) if issued else "",
        "hours": actions.LINK_HOURS,
        "may_link": permissions.may(actor, "user", "reset_link"),
        "may_end": permissions.may(actor, "user", "end_user"),
        "may_factor": permissions.may(actor, "user", "reset_second_factor"),
    }
    return render(request, "access/user_doors.html", context)


def _change_user(request: HttpRequest, user: User, actor: Any) -> str:
    """Do what the form asks; the secret of a new link, else an empty text."""
    do = request.POST.get("do", "")
    if do == "link":
        return actions.reset_link(user=user, by=actor).secret
    if do == "end":
        actions.end_user(user=user, by=actor)
        messages.success(request, _("账户已停用，立即生效。"))
    elif do == "restore":
        actions.restore_user(user=user, by=actor)
        messages.success(request, _("账户已恢复。"))
    elif do == "factor":
        actions.reset_second_factor(user=user, by=actor)
        messages.success(request, _("第二因素已清除，此人下次登录时重新设置。"))
    else:
        raise Http404
    return ""


@page("tokens")
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: HttpRequest) -> HttpResponse:
    """Tokens of machines: list and make."""
    form, issued = TokenForm(request.POST or None), None
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _row, issued = token_actions.make_token(
                name=data["name"], post=form.post, days=data["days"], per_minute=data["per_minute"], by=_actor(request)
            )
            form = TokenForm()
        except Refusal as refusal:
            form.add_error(None, refusal.text)
    return _token_page(request, form, issued)


@page("token-change")
@require_POST
def token_change(request: HttpRequest, pk: Any) -> HttpResponse:
    """Rotate or revoke one token."""
    row = get_object_or_404(ApiToken.objects.select_related("post"), pk=pk)
    issued = None
    try:
        if request.POST.get("do") == "rotate":
            _row, issued = token_actions.rotate_token(token=row, by=_actor(request))
        else:
            token_actions.revoke_token(token=row, by=_actor(request))
            messages.success(request, _("令牌已吊销，立即生效。"))
    except Refusal as refusal:
        messages.error(request, refusal.text)
    return _token_page(request, TokenForm(), issued)


def _token_page(request: HttpRequest, form: TokenForm, issued: Any) -> HttpResponse:
    now = citytime.now()
    rows = [
        (row, row.revoked_at is None and now < row.expires_at)
        for row in ApiToken.objects.select_related("post").order_by("-made_at")[:200]
    ]
    return render(request, "access/tokens.html", {"rows": rows, "form": form, "issued": issued, "overlap": token_actions.OVERLAP_HOURS})


@page("personal-fields")
@require_safe
def personal_fields(request: HttpRequest) -> HttpResponse:
    """Every personal field with its class, purpose and keeping time."""
    return render(request, "access/personal_fields.html", {"fields": personal.fields()})


@page("permission-table")
@require_safe
def permission_table(request: HttpRequest) -> HttpResponse:
    """The permission table as it is in force."""
    table = permissions.table()
    people = [role for role in Role if role != Role.SYSTEM]
    context = {
        "classes": list(table.classes),
        "roles": [(role, [cells[role.value] for cells in table.classes.values()]) for role in people],
        "ledgers": [
            (key, verb, [role.label for role in people if role.value in who])
            for key, verbs in table.ledgers.items() for verb, who in verbs.items()
        ],
    }  # fmt: skip
    return render(request, "access/permission_table.html", context)


def _actor(request: HttpRequest) -> Any:
    return Actor.of_request(request)
