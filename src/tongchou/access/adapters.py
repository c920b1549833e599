"""How allauth meets this house: no sign-up, no mail, every sign-in in the trail, sealed second factors."""

from __future__ import annotations

import base64
import io
import time
from typing import Any

import segno
from allauth.account import app_settings
from allauth.account.adapter import DefaultAccountAdapter
from allauth.account.internal.flows.login import get_authentication_records
from allauth.core import context
from allauth.mfa.adapter import DefaultMFAAdapter
from django.http import HttpRequest, HttpResponse

from tongchou.access import sealed
from tongchou.access.actions import sign
from tongchou.access.models import User

SECOND_FACTOR_PLACE = "mfa_authenticator.data"


class AccountAdapter(DefaultAccountAdapter):
    """Accounts are given by the system administrator; nobody signs up."""

    def is_open_for_signup(self, request: HttpRequest) -> bool:
        return False

    def post_login(self, request: HttpRequest, user: Any, **options: Any) -> HttpResponse:
        sign.record_sign_in(user=user, address=self.get_client_ip(request))
        return super().post_login(request, user, **options)

    def authentication_failed(self, request: HttpRequest, **credentials: Any) -> None:
        sign.record_failure(username=str(credentials.get("username", "")), address=self.get_client_ip(request))

    def is_reauthentication_required(self, *, app: str, **options: Any) -> bool:
        """A sign-in of the last minutes counts as confirmation: whoever just came in sets up the second factor at once."""
        request = context.request
        records = get_authentication_records(request, request.user)
        fresh = bool(records) and time.time() - records[-1]["at"] < app_settings.REAUTHENTICATION_TIMEOUT
        return not fresh and super().is_reauthentication_required(app=app, **options)

    def logout(self, request: HttpRequest) -> None:
        if isinstance(request.user, User):
            sign.record_sign_out(user=request.user)
        super().logout(request)

    def add_message(self, *args: Any, **options: Any) -> None:
        """The pages say where one is; "signed in as ..." on top of them says nothing more."""


class SecondFactorAdapter(DefaultMFAAdapter):
    """Secrets of second factors are sealed like any other secret of a person."""

    def encrypt(self, text: str) -> str:
        return base64.b64encode(sealed.seal(text, SECOND_FACTOR_PLACE)).decode()

    def decrypt(self, encrypted_text: str) -> str:
        return sealed.unseal(base64.b64decode(encrypted_text), SECOND_FACTOR_PLACE)

    def build_totp_svg(self, url: str) -> str:
        return qr_svg(url)


def qr_svg(text: str) -> str:
    """A QR code as an SVG document, without inline style."""
    out = io.BytesIO()
    segno.make(text, error="m").save(out, kind="svg", scale=6, border=4, xmldecl=False, svgns=True, dark="#000", light="#fff")
    return out.getvalue().decode()
