"""Django REST framework's view of a bearer token: the actor is already on the request."""

from __future__ import annotations

from typing import Any

from django.contrib.auth.models import AnonymousUser
from drf_spectacular.extensions import OpenApiAuthenticationExtension
from rest_framework.authentication import BaseAuthentication, SessionAuthentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request


class TokenAuthentication(BaseAuthentication):
    """Accepts what ``access.middleware`` accepted; ``request.auth`` is the ``ApiToken`` row."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        row = getattr(request._request, "api_token", None)
        return (AnonymousUser(), row) if row is not None else None

    def authenticate_header(self, request: Request) -> str:
        return "Bearer"


class PageAuthentication(SessionAuthentication):
    """The session of a signed-in page, with its CSRF check."""


class HasActor(BasePermission):
    """Whoever came through the gate; the gate itself has asked the permission table."""

    def has_permission(self, request: Request, view: Any) -> bool:
        return getattr(request._request, "actor", None) is not None


class TokenScheme(OpenApiAuthenticationExtension):
    """How a machine shows its token, for the schema."""

    target_class = TokenAuthentication
    name = "token"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "http", "scheme": "bearer"}


class PageScheme(OpenApiAuthenticationExtension):
    """The session of a signed-in page, for the schema."""

    target_class = PageAuthentication
    name = "page"

    def get_security_definition(self, auto_schema: Any) -> dict[str, str]:
        return {"type": "apiKey", "in": "cookie", "name": "sessionid"}
