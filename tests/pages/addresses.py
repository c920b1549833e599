"""Every page of the app with an address to open it at and a person who may: made from the URL resolver.

A route is opened at its address (``addresses``), reached by hand (``walks.WALKS``), or stands in ``NO_PAGE`` with what it
answers instead of a page; ``test_no_page.py`` holds each to that. A new route that is nowhere fails the test, so no page
can stay unseen.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver, reverse

from tests.cast import EAST, VILLAGE

#: route name -> what it answers instead of a page of its own: "closed" to everybody, "step" is taken by POST and
#: sends back to a page, "sent on" leads to another address, "part" is swapped into a page that holds it, anything else is the type of its data
NO_PAGE = {
    "account_set_password": "closed", "account_signup": "closed", "account_email": "closed",
    "account_email_verification_sent": "closed", "account_confirm_email": "closed", "account_reset_password": "closed",
    "account_reset_password_done": "closed", "account_reset_password_from_key": "closed",
    "account_reset_password_from_key_done": "closed", "account_confirm_login_code": "closed",
    "set_language": "step", "notices-read-all": "step", "phone-unbind": "step", "day-run": "step", "act": "step", "outlook": "sent on",
    "wall-live": "part", "scenario-progress": "part", "ledger-count": "part",
    "javascript-catalog": "text/javascript", "mfa_download_recovery_codes": "text/plain", "ledger-import-rejected": "text/csv",
    "scenario-csv": "text/csv", "scenario-json": "application/json",
    "ledger-export-file": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "area-schematic": "application/json", "area-outlines": "application/json",
    "api-schema": "application/vnd.oai.openapi", "api-rows": "application/json", "api-row": "application/json", "api-action": "application/json",
}  # fmt: skip


@dataclass(frozen=True)
class Address:
    """``session`` is "fresh" where the page asks for a sign-in of the last minutes."""

    route: str
    path: str
    who: str
    session: str = ""


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


#: pages without a part in their address that not everybody may open; the others are opened by the command post
WHO = {
    "access-account": "secretary", "purpose": "cdc_east", "switch-post": "grid", "phones": "secretary", "tokens": "sec_admin",
    "personal-fields": "auditor", "permission-table": "auditor", "field": "grid", "area-map": "office", "rulebook": "office",
    "rules-proposals": "office", "case-report": "cdc_east", "task-new": "east", "accounts": "sys_admin", "audit-trail": "auditor",
    "duplicates": "cdc_east", "account_login": "", "account_inactive": "", "phone-sign-in": "",
}  # fmt: skip
#: pages without an address of their own to come to: a walk leads there
ONLY_WALKED = {"mfa_authenticate", "account_reauthenticate", "mfa_reauthenticate"}
#: pages that ask for a sign-in of the last minutes
FRESH = {
    "mfa_activate_totp": "grid", "mfa_deactivate_totp": "command", "mfa_generate_recovery_codes": "command",
    "mfa_view_recovery_codes": "auditor",
}  # fmt: skip


def named(scene: Any) -> dict[str, list[tuple[str, dict[str, Any]]]]:
    """route -> who opens it, with the parts of the address, once for each state worth seeing."""
    person, sheet, foreign = ({"key": "person", "pk": pk} for pk in (scene.person, scene.sheet, scene.foreign_sheet))
    case = {"key": "case", "pk": scene.case}
    return {
        "phone-bind": [("", {"secret": "unknown-secret"}), ("", {"secret": scene.phone_secret})],
        "one-time-link": [("", {"secret": "unknown-secret"}), ("", {"secret": scene.link_secret})],
        "notice": [("grid", {"pk": scene.notice})], "village": [("secretary", {"area_path": VILLAGE})],
        "task": [("grid", {"pk": scene.task}), ("east", {"pk": scene.task})],
        "task-step": [("grid", {"pk": scene.accepted_task, "name": "report"}), ("grid", {"pk": scene.accepted_task, "name": "extend"})],
        "task-late": [("east", {"post": scene.post})], "wall-area": [("command", {"path": EAST})],
        "outlook-area": [("command", {"path": "5104"})], "zone-area": [("command", {"area_path": EAST})], "zone-decide": [("east", {"area_path": EAST})],
        "post-holders": [("office", {"pk": scene.post})], "user-doors": [("sys_admin", {"pk": scene.user})],
        "ledger-list": [("cdc_east", {"key": "person"}), ("cdc_east", {"key": "case"})],
        "ledger-new": [("cdc_east", {"key": "person"}), ("office", {"key": "place"})],
        "ledger-detail": [("cdc_east", person), ("cdc_east", case), ("office", {"key": "zone_decision", "pk": scene.decision})],
        "ledger-edit": [("cdc_east", person)],
        "ledger-action": [("cdc_east", {**case, "name": "discharge"}), ("cdc_east", {**case, "name": "confirm"})],
        "ledger-import": [("secretary", {"key": "person"})], "ledger-export": [("cdc_east", {"key": "person"})],
        "ledger-import-detail": [("secretary", sheet), ("secretary", foreign)], "ledger-import-mapping": [("secretary", foreign)],
        "rules-detail": [("office", {"rule_id": "zone.level"})], "rules-propose": [("office", {"rule_id": "zone.review"})],
        "rules-proposal": [("office", {"pk": scene.proposal}), ("command", {"pk": scene.proposal})],
        "rules-withdraw": [("office", {"pk": scene.own_rule})],
        "case-course": [("cdc_east", {"pk": scene.case})],
        "scenario": [("command", {"pk": scene.comparison}), ("command", {"pk": scene.waiting_comparison})],
    }  # fmt: skip


def addresses(scene: Any) -> list[Address]:
    """An address for each page. ``scene`` holds the rows that addresses name."""
    made, parted = [], named(scene)
    for route, parts in routes().items():
        if route in parted:
            made += [Address(route, reverse(route, kwargs=kwargs), who) for who, kwargs in parted[route]]
        elif parts == 0 and route not in NO_PAGE and route not in ONLY_WALKED:
            made.append(Address(route, reverse(route), FRESH.get(route, WHO.get(route, "command")), "fresh" if route in FRESH else ""))
    return made


def unseen(seen: set[str]) -> set[str]:
    """Routes that nothing opens and that are not said to be no page."""
    return set(routes()) - seen - set(NO_PAGE)
