"""The permission table against the running site: every route, every role, own area, other area, nobody.

The generator reads the URL resolver, the role list and the ledger registry, so a new route, role or
ledger is in the matrix by itself; one without a row in ``permissions.toml`` fails (P1).

Two ways of asking: through the whole stack (every route anonymously, and once for a role that may open
it), and, for the thousands of cells of roles x routes x ledgers, the gate and the view themselves with
rendering left out.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from unittest import mock

from allauth.core import context
from allauth.core.exceptions import ReauthenticationRequired
from django.contrib.messages.storage.fallback import FallbackStorage
from django.contrib.sessions.backends.signed_cookies import SessionStore
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponse
from django.template.backends.django import Template
from django.test import RequestFactory, TestCase
from django.urls import URLPattern, URLResolver, get_resolver, resolve, reverse

from tongchou.access import permissions
from tongchou.access.middleware import API_PREFIX, ActorMiddleware
from tongchou.access.roles import Role
from tongchou.ledger import registry

from tests.access.rows import make_row
from tests.cast import EAST, PEOPLE, VILLAGE, WEST_VILLAGE, gather

# One person of every role, all of them on the East side; the neighbours in the West are the other area.
ROLE_OF = {role: key for key, (_n, _p, role, area, _a) in reversed(PEOPLE.items()) if area.startswith(EAST) or area == "5104"}
SAMPLES = {"uuid": uuid.UUID(int=7), "str": "x", "slug": "x", "int": 1, "path": "x", "regex": "510402"}
# allauth's mail routes take signed keys that no sample can be; the table closes them to everybody.
CLOSED = {"account_confirm_email", "account_reset_password_from_key"}
# Pages that need more than a session: codes to show, a sign-in under way, a password to confirm.
NOT_A_PAGE = {
    "mfa_download_recovery_codes", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_authenticate", "mfa_reauthenticate",
    "account_reauthenticate", "mfa_deactivate_totp",
}  # fmt: skip
# Routes behind which the kernel asks the ledger's own rows of the table; ``Matrix`` crosses them ledger by ledger.
LEDGER_PAGES = {"ledger-list": "list", "ledger-count": "list", "ledger-new": "create", "ledger-detail": "read", "ledger-edit": "change"}


@dataclass(frozen=True)
class Route:
    """One URL pattern: its name, its template as text, and the converter of each argument."""

    name: str
    template: str
    arguments: dict[str, str]

    @property
    def address(self) -> str:
        """An address of this very pattern with sample arguments."""
        if self.name.startswith("api-"):  # one name for the like patterns of all ledgers
            return "/" + "/".join(str(SAMPLES["uuid"]) if "<uuid:" in part else part for part in self.template.split("/"))
        return reverse(self.name, kwargs={name: SAMPLES.get(kind, "x") for name, kind in self.arguments.items()})


def walk(resolver: Any = None, before: str = "", namespace: str = "") -> Iterator[Route]:
    for entry in (resolver or get_resolver()).url_patterns:
        here = before + str(entry.pattern)
        if isinstance(entry, URLResolver):
            yield from walk(entry, here, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            kinds = {name: type(one).__name__.removesuffix("Converter").lower() for name, one in entry.pattern.converters.items()}
            kinds |= {name: "regex" for name in entry.pattern.regex.groupindex if name not in kinds}
            yield Route(f"{namespace}{entry.name or '?' + here}", here, kinds)


ROUTES = list(walk())
NAMES = {route.name for route in ROUTES}
OPEN_ROUTES = [route for route in ROUTES if route.name not in CLOSED]


def test_every_route_has_a_row_and_every_row_a_route():
    table = permissions.table().routes
    assert {name for name in NAMES if name not in table} == set(), "add these to [routes] in access/permissions.toml"
    stale = {name for name, audience in table.items() if audience != permissions.NOBODY and name not in NAMES}
    assert stale == set(), "these rows of [routes] belong to no route: take them out"


def test_every_ledger_and_action_has_a_row():
    for ledger in registry.every():
        verbs = permissions.table().ledgers[ledger.key]
        assert {action.name for action in ledger.actions} <= set(verbs), ledger.key


def test_the_anonymous_list_is_the_reviewed_one():
    anonymous = {name for name in NAMES if permissions.is_anonymous(name)}
    reviewed = {
        "account_login", "account_inactive", "mfa_authenticate", "set_language", "javascript-catalog",
        "one-time-link", "phone-bind", "phone-sign-in",
        "service-worker", "manifest", "offline", "health",
    }  # fmt: skip
    assert anonymous <= reviewed
    assert len(reviewed) <= 12


def _reaches(actor: Any, ledger: Any, place: str) -> bool:
    """Whether a row in ``place`` lies in the actor's scope, reckoned from the declaration alone."""
    if not ledger.placed:
        return True
    right = permissions.right(actor, ledger.field_class)
    if ledger.key == "task" and (right.read in ("-", "O", "g") or right.show):
        return False  # such a post sees its own tasks only, and nobody of the cast owns one of these
    if ledger.key == "person" and actor.role in (Role.HOSPITAL, Role.LAB, Role.QUARANTINE):
        return False  # a medical post sees the people of its own tasks only, and these are nobody's
    return "area" in ledger.placed and any(scope.kind == "area" and place.startswith(scope.value) for scope in actor.scopes)


class Matrix(TestCase):
    """Reads only; the cast and the rows are made once. Every cell that differs from the table is listed."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = gather()
        cls.rows = {
            (ledger.key, place): make_row(ledger, place) for ledger in registry.every() for place in (VILLAGE, WEST_VILLAGE)
        }  # fmt: skip

    def test_nobody_gets_in_without_signing_in(self) -> None:
        wrong = []
        for route in OPEN_ROUTES:
            if permissions.is_anonymous(route.name):
                continue
            answer = self.client.get(route.address)
            api = route.address.startswith(API_PREFIX)
            good = answer.status_code == 401 if api else answer.status_code == 302 and answer.url.startswith("/account/login/?next=")
            if not good:
                wrong.append((route.address, answer.status_code))
        assert wrong == []

    def test_every_page_opens_through_the_whole_stack(self) -> None:
        clients = {role: self.cast.client(key) for role, key in ROLE_OF.items()}
        wrong = []
        for route in OPEN_ROUTES:
            if route.arguments or route.name in NOT_A_PAGE or route.name == "account_logout" or route.address.startswith(API_PREFIX):
                continue
            role = next((one for one, key in ROLE_OF.items() if permissions.may_open(self.cast.actor(key), route.name)), None)
            if role is not None:
                status = clients[role].get(route.address).status_code
                wrong += [(role, route.address, status)] if status not in (200, 302, 405) else []
        assert wrong == []

    def test_every_route_answers_every_role_as_the_table_says(self) -> None:
        wrong, cells = [], 0
        for role, key in ROLE_OF.items():
            actor, user = self.cast.actor(key), self.cast.users[key]
            for route in OPEN_ROUTES:
                if route.name == "account_logout":
                    continue
                status, cells = self.ask(route.address, actor, user), cells + 1
                if not permissions.may_open(actor, route.name):
                    good = status == 404
                else:
                    loose = route.arguments or route.name in NOT_A_PAGE or route.name == "api-rows"
                    good = status < 500 if loose else status in (200, 302, 405)
                wrong += [] if good else [(role, route.address, status)]
        assert wrong == []
        assert cells > 1500

    def test_every_ledger_answers_every_role_in_own_and_other_area_as_the_table_says(self) -> None:
        wrong, cells = [], 0
        for role, key in ROLE_OF.items():
            actor, user = self.cast.actor(key), self.cast.users[key]
            for where, may, what in self._ledger_cells(actor):
                status, cells = self.ask(where, actor, user), cells + 1
                wrong += [] if status == (200 if may else 404) else [(role, *what, status)]
        assert wrong == []
        assert cells > 2000

    def test_the_matrix_holds_rows_of_most_ledgers(self) -> None:
        made = {key for (key, _place), row in self.rows.items() if row is not None}
        assert {"post", "user", "holding", "responsibility", "task", "place", "person", "household"} <= made

    def ask(self, where: str, actor: Any, user: Any) -> int:
        """The status of a GET at the gate and the view, for one actor; templates are not rendered."""
        request: Any = RequestFactory().get(where)
        request.user, request.actor, request.session = user, actor, SessionStore()
        request._messages = FallbackStorage(request)
        match = request.resolver_match = resolve(request.path)
        try:
            with mock.patch.object(Template, "render", lambda *_: ""), context.request_context(request):
                answer = ActorMiddleware(lambda _: HttpResponse()).process_view(request, match.func, match.args, match.kwargs)
                answer = answer or match.func(request, *match.args, **match.kwargs)
                return (answer.render() if hasattr(answer, "render") else answer).status_code
        except Http404:
            return 404
        except PermissionDenied:
            return 403
        except ReauthenticationRequired:  # allauth's middleware turns this into a redirect
            return 302

    def _ledger_cells(self, actor: Any) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
        """(address, whether it opens, what it is) of every page and call of every ledger for one actor."""
        for ledger in registry.every():
            for name, verb in LEDGER_PAGES.items():
                may = permissions.may(actor, ledger.key, verb) and (ledger.writable or verb not in ("create", "change"))
                if name in ("ledger-detail", "ledger-edit"):
                    for place, row in self._pair(ledger):
                        yield reverse(name, kwargs={"key": ledger.key, "pk": row.pk}), may and _reaches(actor, ledger, place), (name, place)
                else:
                    yield reverse(name, kwargs={"key": ledger.key}), may, (name, ledger.key)
            yield f"/api/v1/{ledger.key}/", permissions.may(actor, ledger.key, "list"), ("api", ledger.key)
            for place, row in self._pair(ledger):
                may = permissions.may(actor, ledger.key, "read") and _reaches(actor, ledger, place)
                yield f"/api/v1/{ledger.key}/{row.pk}/", may, ("api", ledger.key, place)
                for action in ledger.actions:
                    may = permissions.may(actor, ledger.key, action.name) and _reaches(actor, ledger, place)
                    where = reverse("ledger-action", kwargs={"key": ledger.key, "pk": row.pk, "name": action.name})
                    yield where, may, (ledger.key, action.name, place)

    def _pair(self, ledger: Any) -> list[tuple[str, Any]]:
        found = [(place, self.rows[ledger.key, place]) for place in (VILLAGE, WEST_VILLAGE)]
        return [(place, row) for place, row in found if row is not None]
