"""Every page of the app with an address to open it at and a person who may: made from the URL resolver.

A route that is no page of its own stands in ``NO_PAGE`` with its reason; a new route that is in neither list fails the
test, so no page can stay unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.cast import EAST, VILLAGE

#: route name -> why a browser does not open it as a page
NO_PAGE = {
    "account_set_password": "switched off", "account_signup": "switched off", "account_email": "switched off",
    "account_email_verification_sent": "switched off", "account_confirm_email": "switched off",
    "account_reset_password": "switched off", "account_reset_password_done": "switched off",
    "account_reset_password_from_key": "switched off", "account_reset_password_from_key_done": "switched off",
    "account_confirm_login_code": "switched off", "account_request_login_code": "switched off",
    "account_reauthenticate": "only in the middle of a sensitive change", "mfa_reauthenticate": "only in the middle of a sensitive change",
    "mfa_authenticate": "only in the middle of a sign-in", "mfa_download_recovery_codes": "a text file",
    "mfa_activate_totp": "asks to sign in again first", "mfa_deactivate_totp": "asks to sign in again first",
    "mfa_generate_recovery_codes": "asks to sign in again first", "mfa_view_recovery_codes": "asks to sign in again first",
    "set_language": "takes a choice", "javascript-catalog": "a script", "act": "takes a step", "notices-read-all": "takes a step",
    "wall-live": "a part of the wall", "ledger-count": "a part of the list", "ledger-export": "asks for a file",
    "ledger-export-file": "a file", "ledger-import-rejected": "a file", "phone-unbind": "takes a step", "token-change": "takes a step",
    "area-schematic": "data for the map", "area-outlines": "data for the map", "task-step": "needs a step of a state",
    "day-run": "takes a step", "ledger-action": "needs an action of a state", "rules-withdraw": "takes a step",
    "ledger-import-mapping": "needs a sheet sent before", "ledger-import-detail": "needs a sheet sent before", "rules-proposal": "needs a proposal of another person",
    "phone-code": "shows a new one-time code each time",
}  # fmt: skip
#: prefixes of machine interfaces
MACHINES = ("api",)


@dataclass(frozen=True)
class Address:
    route: str
    path: str
    who: str


def routes() -> dict[str, int]:
    """Every route name of the app with the number of parts its address needs."""
    found: dict[str, int] = {}

    def walk(patterns: list[Any], prefix: str) -> None:
        for one in patterns:
            if isinstance(one, URLResolver):
                walk(one.url_patterns, f"{prefix}{one.namespace}:" if one.namespace else prefix)
            elif isinstance(one, URLPattern) and one.name:
                found[f"{prefix}{one.name}"] = len(one.pattern.regex.groupindex)

    walk(get_resolver().url_patterns, "")
    return found


def addresses(scene: Any) -> list[Address]:
    """An address for each page. ``scene`` holds the rows that addresses name."""
    who = {
        "access-account": "secretary", "purpose": "cdc_east", "switch-post": "grid", "phones": "secretary", "tokens": "sec_admin",
        "personal-fields": "auditor", "permission-table": "auditor", "field": "grid", "area-map": "office", "rulebook": "office",
        "rules-proposals": "office", "case-report": "cdc_east", "task-new": "east", "accounts": "sys_admin", "audit-trail": "auditor", "duplicates": "cdc_east",
    }  # fmt: skip
    named = {
        "account_login": ("", {}), "account_inactive": ("", {}), "phone-sign-in": ("", {}),
        "phone-bind": ("", {"secret": "unknown-secret"}), "one-time-link": ("", {"secret": "unknown-secret"}),
        "notice": ("grid", {"pk": scene.notice}), "task": ("grid", {"pk": scene.task}), "village": ("secretary", {"area_path": VILLAGE}),
        "task-late": ("east", {"post": scene.post}), "wall-area": ("command", {"path": EAST}),
        "zone-area": ("command", {"area_path": EAST}), "zone-decide": ("east", {"area_path": EAST}),
        "post-holders": ("office", {"pk": scene.post}), "user-doors": ("sys_admin", {"pk": scene.user}),
        "ledger-list": ("cdc_east", {"key": "person"}), "ledger-new": ("cdc_east", {"key": "person"}),
        "ledger-detail": ("cdc_east", {"key": "person", "pk": scene.person}),
        "ledger-edit": ("cdc_east", {"key": "person", "pk": scene.person}),
        "ledger-import": ("cdc_east", {"key": "person"}),
        "rules-detail": ("office", {"rule_id": "zone.level"}), "rules-propose": ("office", {"rule_id": "zone.review"}),
        "case-course": ("cdc_east", {"pk": scene.case}),
    }  # fmt: skip
    made = []
    for route, parts in routes().items():
        if route in NO_PAGE or route.startswith(MACHINES):
            continue
        if route in named:
            person, kwargs = named[route]
            made.append(Address(route, reverse(route, kwargs=kwargs), person))
        elif parts == 0:
            made.append(Address(route, reverse(route), who.get(route, "command")))
    return made


def unseen(made: list[Address]) -> set[str]:
    """Routes that no address opens and no reason excuses."""
    return {route for route in routes() if not route.startswith(MACHINES)} - {one.route for one in made} - set(NO_PAGE)
