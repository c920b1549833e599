"""Sets ``request.actor`` and lets a request pass only where the permission table says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.contrib.auth import logout
from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect

from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.queries import session, token
from tongchou.access.roles import WITHOUT_SECOND_FACTOR

API_PREFIX = "/api/"
# Where a user without a second factor may go: to set it up, to confirm the password, to leave, to change the language.
SET_UP_ROUTES = frozenset({
    "mfa_activate_totp", "account_reauthenticate", "account_logout", "set_language", "javascript-catalog",
})


class ActorMiddleware:
    """Reads the actor anew on every request, so a disabled user or an ended post stops at once (P5)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        try:
            request.actor = _actor(request)  # type: ignore[attr-defined]
        except token.TooManyCalls as refusal:
            response: HttpResponse = _refusal(refusal.code, refusal.zh, refusal.en, 429)
            response["Retry-After"] = str(refusal.wait_s)
            return response
        response = self.get_response(request)
        if request.actor is not None and not response.has_header("Cache-Control"):  # type: ignore[attr-defined]
            response["Cache-Control"] = "no-store, private"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The gate: 302 to sign-in for an anonymous visitor, 404 for everyone whom the table does not name."""
        actor: Actor | None = request.actor  # type: ignore[attr-defined]
        route = request.resolver_match.view_name if request.resolver_match else ""
        if permissions.may_open(actor, route):
            return redirect("mfa_activate_totp") if _lacks_second_factor(request, actor, route) else None
        if request.path.startswith(API_PREFIX):
            if actor is None:
                return _refusal("sign_in", "请先登录，或检查接口令牌。", "Sign in, or check the token.", 401)
            return _refusal("not_found", "没有此接口，或您的岗位不能使用。", "There is no such call, or your post may not use it.", 404)
        if actor is None:
            return redirect_to_login(request.get_full_path())
        raise Http404


def _actor(request: HttpRequest) -> Actor | None:
    scheme, _, secret = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() == "bearer" and request.path.startswith(API_PREFIX):
        found = token.actor_of_token(secret.strip())
        request.api_token = found[1] if found else None  # type: ignore[attr-defined]
        return found[0] if found else None
    actor = session.actor_of(request)
    if actor is None and request.user.is_authenticated:  # a phone that was unbound meanwhile
        logout(request)
    return actor


def _lacks_second_factor(request: HttpRequest, actor: Actor | None, route: str) -> bool:
    if settings.DEMO or actor is None or not actor.role or actor.role in WITHOUT_SECOND_FACTOR or route in SET_UP_ROUTES:
        return False
    if hasattr(request, "api_token"):
        return False
    return not Authenticator.objects.filter(user_id=request.user.pk, type=Authenticator.Type.TOTP).exists()


def _refusal(code: str, zh: str, en: str, status: int) -> JsonResponse:
    return JsonResponse({"code": code, "zh": zh, "en": en}, status=status)
