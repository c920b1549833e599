"""The secretary's page of phones: bind by a QR, unbind a lost one."""

from __future__ import annotations

import base64
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST, require_safe

from tongchou import areas, citytime
from tongchou.access.actions import phone as actions
from tongchou.access.actor import Actor
from tongchou.access.adapters import qr_svg
from tongchou.access.models import PhoneBinding, PostHolding, User
from tongchou.access.models.organisation import in_force
from tongchou.access.pages import page
from tongchou.access.roles import Role
from tongchou.refusal import Refusal

PAGE_WORKERS = 50


@page("phones")
@require_safe
def phones(request: HttpRequest) -> HttpResponse:
    """Workers of the own area and their phones."""
    found = Paginator(_workers(Actor.of_request(request)), PAGE_WORKERS).get_page(request.GET.get("page"))
    users = [row.user_id for row in found]
    bound = {row.user_id: row for row in PhoneBinding.objects.filter(user__in=users, unbound_at=None)}
    lines = [(row, bound.get(row.user_id)) for row in found]
    return render(request, "access/phones.html", {"lines": lines, "page": found})


def _workers(actor: Any) -> Any:
    today = citytime.today()
    reach = Q(pk__in=[])
    for scope in actor.scopes:
        if scope.kind == "area":
            reach |= areas.within("post__area_path", scope.value)
    rows = PostHolding.objects.filter(
        PostHolding.held(today), reach, in_force(today, "post__active_from_on", "post__active_to_on"),
        post__role__in=(Role.GRID, Role.CHECKPOINT),
    )
    return rows.select_related("post", "user").order_by("post__area_path", "post__code", "kind", "rank")


@page("phone-code")
@require_POST
def phone_code(request: HttpRequest, pk: Any) -> HttpResponse:
    """Show the QR for one worker, once."""
    user = get_object_or_404(User, pk=pk)
    try:
        issued = actions.show_code(user=user, by=_actor(request))
    except Refusal as refusal:
        messages.error(request, refusal.text)
        return redirect("phones")
    address = request.build_absolute_uri(reverse("phone-bind", args=[issued.secret]))
    image = base64.b64encode(qr_svg(address).encode()).decode()
    context = {"worker": user, "image": image, "issued": issued, "minutes": actions.CODE_MINUTES}
    return render(request, "access/phone_code.html", context)


@page("phone-unbind")
@require_POST
def phone_unbind(request: HttpRequest, pk: Any) -> HttpResponse:
    """A phone is lost or handed back."""
    row = PhoneBinding.objects.select_related("user").filter(pk=pk, unbound_at=None).first()
    if row is None:
        raise Http404
    try:
        actions.unbind_phone(binding=row, by=_actor(request))
        messages.success(request, _("已解绑，这部手机立即不能再登录。"))
    except Refusal as refusal:
        messages.error(request, refusal.text)
    return redirect("phones")


def _actor(request: HttpRequest) -> Any:
    return Actor.of_request(request)
