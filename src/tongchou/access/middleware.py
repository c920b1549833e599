"""Sets ``request.actor`` and lets a request pass only where the permission table says so."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib.auth.views import redirect_to_login
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse

from tongchou.access import permissions
from tongchou.access.queries import session

API_PREFIX = "/api/"


class ActorMiddleware:
    """Reads the actor anew on every request, so a disabled user or an ended post stops at once (P5)."""

    def __init__(self, get_response: Callable[[HttpRequest], HttpResponse]) -> None:
        self.get_response = get_response

    def __call__(self, request: HttpRequest) -> HttpResponse:
        request.actor = session.actor_of(request)  # type: ignore[attr-defined]
        response = self.get_response(request)
        if request.actor is not None and not response.has_header("Cache-Control"):  # type: ignore[attr-defined]
            response["Cache-Control"] = "no-store, private"
        return response

    def process_view(self, request: HttpRequest, view: Any, args: Any, kwargs: Any) -> HttpResponse | None:
        """The gate: 302 to sign-in for an anonymous visitor, 404 for everyone whom the table does not name."""
        actor = request.actor  # type: ignore[attr-defined]
        if permissions.may_open(actor, request.resolver_match.view_name):  # type: ignore[union-attr]
            return None
        if request.path.startswith(API_PREFIX):
            status, code = (401, "sign_in") if actor is None else (404, "not_found")
            return JsonResponse({"code": code, "zh": "请先登录或检查令牌", "en": "sign in, or check the token"}, status=status)
        if actor is None:
            return redirect_to_login(request.get_full_path())
        raise Http404
