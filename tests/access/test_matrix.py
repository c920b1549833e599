"""The permission table against the running site: every route, every role, own area, other area, nobody.

The generator reads the URL resolver, the role list and the ledger registry, so a new route, role or
ledger is in the matrix by itself; one without a row in ``permissions.toml`` fails (P1).
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from typing import Any
from unittest import mock

from django.http import HttpRequest, HttpResponse
from django.test import TestCase
from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tongchou import urls
from tongchou.access import permissions
from tongchou.access.middleware import API_PREFIX
from tongchou.ledger import registry

from tests.access.rows import make_row
from tests.cast import EAST, PEOPLE, VILLAGE, WEST_VILLAGE, gather

# One person of every role, all of them on the East side; the neighbours in the West are the other area.
ROLE_OF = {role: key for key, (_n, _p, role, area, _a) in reversed(PEOPLE.items()) if area.startswith(EAST) or area == "5104"}
SAMPLES = {"uuid": uuid.UUID(int=7), "str": "x", "slug": "x", "int": 1, "path": "x", "regex": "510402"}


def routes(resolver: Any = None, namespace: str = "") -> Iterator[tuple[str, dict[str, str]]]:
    """(route name, {argument: converter}) of every URL."""
    for entry in (resolver or get_resolver()).url_patterns:
        if isinstance(entry, URLResolver):
            yield from routes(entry, f"{namespace}{entry.namespace}:" if entry.namespace else namespace)
        elif isinstance(entry, URLPattern):
            kinds = {name: type(one).__name__.removesuffix("Converter").lower() for name, one in entry.pattern.converters.items()}
            kinds |= {name: "regex" for name in entry.pattern.regex.groupindex if name not in kinds}
            yield f"{namespace}{entry.name or '?' + str(entry.pattern)}", kinds


ROUTES = dict(routes())
# allauth's mail routes take signed keys that no sample can be; the table closes them to everybody.
CLOSED = {"account_confirm_email", "account_reset_password_from_key"}
LEDGER_VERBS = {"ledger-list": "list", "ledger-count": "list", "ledger-new": "create", "ledger-detail": "read", "ledger-edit": "change"}


def address(name: str, **given: Any) -> str:
    """The address of a route with sample arguments."""
    kwargs = {arg: given.get(arg, SAMPLES.get(kind, "x")) for arg, kind in ROUTES[name].items()}
    return reverse(name, kwargs=kwargs)


def test_every_route_has_a_row_and_every_row_a_route():
    table = permissions.table().routes
    assert {name for name in ROUTES if name not in table} == set(), "add these to [routes] in access/permissions.toml"
    stale = {name for name, audience in table.items() if audience != permissions.NOBODY and name not in ROUTES}
    assert stale == set(), "these rows of [routes] belong to no route: take them out"


def test_every_ledger_and_action_has_a_row():
    for ledger in registry.every():
        verbs = permissions.table().ledgers[ledger.key]
        assert {action.name for action in ledger.actions} <= set(verbs), ledger.key


def test_the_anonymous_list_is_the_reviewed_one():
    anonymous = {name for name in ROUTES if permissions.is_anonymous(name)}
    reviewed = {
        "account_login", "account_inactive", "mfa_authenticate", "set_language", "javascript-catalog",
        "one-time-link", "phone-bind", "phone-sign-in",
        "service-worker", "manifest", "offline", "health",
    }  # fmt: skip
    assert anonymous <= reviewed
    assert len(reviewed) <= 12


# Pages that need more than a session: codes to show, a sign-in under way, a password to confirm.
NOT_A_PAGE = {
    "mfa_download_recovery_codes", "mfa_view_recovery_codes", "mfa_generate_recovery_codes", "mfa_authenticate", "mfa_reauthenticate",
    "account_reauthenticate", "mfa_deactivate_totp",
}


def _reaches(actor: Any, ledger: Any, place: str) -> bool:
    """Whether a row in ``place`` lies in the actor's scope, reckoned from the declaration alone."""
    if not ledger.placed:
        return True
    return "area" in ledger.placed and any(scope.kind == "area" and place.startswith(scope.value) for scope in actor.scopes)


def _plain_404(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    return HttpResponse(status=404)


class Matrix(TestCase):
    """Reads only; the cast and the rows are made once. Every cell that differs from the table is listed."""

    @classmethod
    def setUpClass(cls) -> None:
        # Thousands of cells are refusals; how the page of a refusal looks is another test's matter.
        plain = mock.patch.object(urls, "handler404", _plain_404, create=True)
        plain.start()
        cls.addClassCleanup(plain.stop)
        super().setUpClass()

    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = gather()
        cls.rows = {
            (ledger.key, place): make_row(ledger, place) for ledger in registry.every() for place in (VILLAGE, WEST_VILLAGE)
        }  # fmt: skip

    def test_nobody_gets_in_without_signing_in(self) -> None:
        wrong = []
        for name in ROUTES:
            if permissions.is_anonymous(name) or name in CLOSED:
                continue
            where = address(name)
            answer = self.client.get(where)
            api = where.startswith(API_PREFIX)
            good = answer.status_code == 401 if api else answer.status_code == 302 and answer.url.startswith("/account/login/?next=")
            if not good:
                wrong.append((where, answer.status_code))
        assert wrong == []

    def test_every_route_answers_every_role_as_the_table_says(self) -> None:
        wrong, cells = [], 0
        for role, key in ROLE_OF.items():
            client, actor = self.cast.client(key), self.cast.actor(key)
            for name, arguments in ROUTES.items():
                if name in CLOSED or name == "account_logout":
                    continue
                status, cells = client.get(address(name)).status_code, cells + 1
                if not permissions.may_open(actor, name):
                    good = status == 404
                elif arguments or name in NOT_A_PAGE:
                    good = status < 500
                else:
                    good = status in (200, 302, 405)
                if not good:
                    wrong.append((role, name, status))
        assert wrong == []
        assert cells > 800

    def test_every_ledger_answers_every_role_in_own_and_other_area_as_the_table_says(self) -> None:
        wrong = []
        for role, key in ROLE_OF.items():
            client, actor = self.cast.client(key), self.cast.actor(key)
            for where, may, what in self._ledger_cells(actor):
                status = client.get(where).status_code
                if status != (200 if may else 404):
                    wrong.append((role, *what, status))
        assert wrong == []

    def test_the_matrix_holds_rows_of_most_ledgers(self) -> None:
        made = {key for (key, _place), row in self.rows.items() if row is not None}
        assert {"post", "user", "holding", "responsibility", "task", "place", "person", "household"} <= made

    def _ledger_cells(self, actor: Any) -> Iterator[tuple[str, bool, tuple[str, ...]]]:
        """(address, whether it opens, what it is) of every ledger page for one actor."""
        for ledger in registry.every():
            for name, verb in LEDGER_VERBS.items():
                may = permissions.may(actor, ledger.key, verb)
                if name not in ("ledger-detail", "ledger-edit"):
                    yield address(name, key=ledger.key), may, (ledger.key, verb)
                    continue
                for place in (VILLAGE, WEST_VILLAGE):
                    row = self.rows[ledger.key, place]
                    if row is not None:
                        yield address(name, key=ledger.key, pk=row.pk), may and _reaches(actor, ledger, place), (ledger.key, verb, place)
            row = self.rows[ledger.key, VILLAGE]
            for action in ledger.actions if row is not None else ():
                may = permissions.may(actor, ledger.key, action.name) and _reaches(actor, ledger, VILLAGE)
                where = reverse("ledger-action", kwargs={"key": ledger.key, "pk": row.pk, "name": action.name})
                yield where, may, (ledger.key, action.name)
