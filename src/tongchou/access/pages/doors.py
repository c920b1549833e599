"""The doors that open without a session: a one-time link, the binding of a phone, sign-in by its PIN."""

from __future__ import annotations

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from tongchou.access.actions import phone as actions
from tongchou.access.actions import user as users
from tongchou.access.forms import BindPhoneForm, NewPasswordForm, PinForm
from tongchou.access.models import OneTimeLink
from tongchou.access.pages import page
from tongchou.access.queries import session
from tongchou.refusal import Refusal

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@page("one-time-link")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def one_time_link(request: HttpRequest, secret: str) -> HttpResponse:
    """Set a password by a link that works once."""
    link = users.find_link(secret, OneTimeLink.Kind.PASSWORD)
    if link is None:
        return render(request, "access/link_over.html", status=410)
    form = NewPasswordForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        try:
            users.set_password(secret=secret, password=form.cleaned_data["password"])
        except Refusal as refusal:
            form.add_error("password" if refusal.field == "password" else None, refusal.text)
        else:
            return render(request, "access/link_done.html", {"username": link.user.username})
    return render(request, "access/link.html", {"form": form, "username": link.user.username})


@page("phone-bind")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def phone_bind(request: HttpRequest, secret: str) -> HttpResponse:
    """The worker's phone opens the QR's address, sets a PIN, and is bound."""
    if users.find_link(secret, OneTimeLink.Kind.PHONE) is None:
        return render(request, "access/code_over.html", status=410)
    form = BindPhoneForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        data = form.cleaned_data
        try:
            _row, cookie = actions.bind_phone(secret=secret, pin=data["pin"], pin_again=data["pin_again"], label=device_label(request))
        except Refusal as refusal:
            form.add_error(refusal.field or None, refusal.text)
        else:
            response = redirect("phone-sign-in")
            response.set_cookie(
                actions.COOKIE, cookie, max_age=actions.COOKIE_DAYS * 86_400, path=reverse("phone-sign-in"), httponly=True,
                secure=settings.HTTPS, samesite="Lax",
            )
            return response
    return render(request, "access/phone_bind.html", {"form": form})


@page("phone-sign-in")
@never_cache
@sensitive_post_parameters()
@require_http_methods(["GET", "HEAD", "POST"])
def phone_sign_in(request: HttpRequest) -> HttpResponse:
    """Sign in on a bound phone with its PIN."""
    binding = actions.binding_of(request.COOKIES.get(actions.COOKIE, ""))
    if binding is None:
        return render(request, "access/phone_unknown.html")
    form = PinForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        if actions.check_pin(binding=binding, pin=form.cleaned_data["pin"]):
            login(request, binding.user, backend=BACKEND)
            request.session[session.PHONE_KEY] = str(binding.pk)
            return redirect(settings.PHONE_REDIRECT_URL)
        binding.refresh_from_db()
        if binding.unbound_at is not None:
            return render(request, "access/phone_unknown.html", {"too_many": True})
        left = actions.WRONG_PINS - binding.wrong_pins
        form.add_error("pin", _("PIN 不正确，还可以试 %(left)d 次。") % {"left": left})
    return render(request, "access/phone_sign_in.html", {"form": form, "binding": binding})


def device_label(request: HttpRequest) -> str:
    """A short name of the phone for the secretary's list, from what its browser says of itself."""
    agent = request.headers.get("User-Agent", "")
    for mark, name in (("iPhone", "iPhone"), ("HarmonyOS", "HarmonyOS"), ("Android", "Android"), ("Windows", "Windows"), ("Mac", "Mac")):
        if mark in agent:
            return name
    return agent[:20]

