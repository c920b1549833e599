"""Pages that only an act opens: a sign-in under way, what a form answers once, what it says when something is wrong.

Each walk takes a page on the live server and yields the name of the route whose page stands there now.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

from django.urls import reverse

PASSWORD = "Correct-horse-7"
PIN = "294613"


def second_factor(page: Any, scene: Any) -> Iterator[str]:
    """Password given, code not yet; a wrong code; then, by the trail of the sign-in, both ways to confirm oneself."""
    sign_in(page, "command")
    page.wait_for_selector("input[name=code]")
    yield "mfa_authenticate"
    page.fill("input[name=code]", "000000")
    page.click("main button[type=submit]")
    page.wait_for_selector(".invalid-feedback")
    yield "mfa_authenticate"


def locked(page: Any, scene: Any) -> Iterator[str]:
    """A wrong password is said; the fifth locks the door."""
    for _ in range(5):
        sign_in(page, "quarantine", "Wrong-horse-7")
        yield "account_login"


def confirmed(page: Any, scene: Any) -> Iterator[str]:
    """A sensitive page of an old session asks who is there, by password or by second factor."""
    page.goto(reverse("mfa_deactivate_totp"))
    page.wait_for_selector("main form input:not([type=hidden])")
    yield "account_reauthenticate"
    page.goto(reverse("mfa_reauthenticate"))
    page.wait_for_selector("input[name=code]")
    yield "mfa_reauthenticate"


def phone(page: Any, scene: Any) -> Iterator[str]:
    """The worker sets a PIN after the QR; a wrong one is counted."""
    page.goto(reverse("phone-bind", kwargs={"secret": scene.phone_secret}))
    page.fill("input[name=pin]", "123456")
    page.fill("input[name=pin_again]", "123457")
    page.click("main button[type=submit]")
    yield "phone-bind"
    page.fill("input[name=pin]", PIN)
    page.fill("input[name=pin_again]", PIN)
    page.click("main button[type=submit]")
    page.wait_for_url("**/access/phone/")
    yield "phone-sign-in"
    page.fill("input[name=pin]", "000000")
    page.click("main button[type=submit]")
    yield "phone-sign-in"


def link(page: Any, scene: Any) -> Iterator[str]:
    """The one-time link sets a password."""
    page.goto(reverse("one-time-link", kwargs={"secret": scene.link_secret}))
    page.fill("input[name=password]", "Correct-horse-8")
    page.fill("input[name=again]", "Correct-horse-8")
    page.click("main button[type=submit]")
    page.wait_for_selector(".empty a")
    yield "one-time-link"


def code(page: Any, scene: Any) -> Iterator[str]:
    """The secretary shows a worker the QR."""
    page.goto(reverse("phones"))
    page.click("form[action$='/code/'] button >> nth=0")
    page.wait_for_selector("main img")
    yield "phone-code"


def token(page: Any, scene: Any) -> Iterator[str]:
    """A token is rotated; its secret is shown once."""
    page.goto(reverse("tokens"))
    page.click("button[value=rotate]")
    page.wait_for_selector("[role=status] code")
    yield "token-change"


def issued_link(page: Any, scene: Any) -> Iterator[str]:
    """The administrator makes a one-time link."""
    page.goto(reverse("user-doors", kwargs={"pk": scene.user}))
    page.click("button[value=link]")
    page.wait_for_selector("[role=status] code")
    yield "user-doors"


def exported(page: Any, scene: Any) -> Iterator[str]:
    """A purpose first: without one no personal data leaves."""
    page.goto(reverse("purpose"))
    page.click("input[name=purpose] >> nth=0")
    page.click("main button[type=submit]")
    page.wait_for_selector("h1:has-text('我的工作')")
    page.goto(reverse("ledger-export", kwargs={"key": "person"}))
    page.click("main button[type=submit]")
    page.wait_for_selector("code.secret")
    yield "ledger-export"


def new_codes(page: Any, scene: Any) -> Iterator[str]:
    """Recovery codes are made and shown."""
    page.goto(reverse("mfa_generate_recovery_codes"))
    page.click("main button[type=submit]")
    page.wait_for_url("**/recovery-codes/")
    yield "mfa_view_recovery_codes"


def refused_row(page: Any, scene: Any) -> Iterator[str]:
    """Forms that were sent with something wrong."""
    page.goto(reverse("ledger-new", kwargs={"key": "person"}))
    page.fill("input[name=id_no]", "510402199001011234")
    page.click("main button[type=submit]")
    page.wait_for_selector(".errorlist")
    yield "ledger-new"
    page.goto(reverse("case-report"))
    page.click("main button[type=submit]")
    page.wait_for_selector(".errorlist, .invalid-feedback")
    yield "case-report"
    page.goto(reverse("search"))
    page.fill("main input[name=q]", "赵")
    page.press("main input[name=q]", "Enter")
    page.wait_for_selector("tbody tr")
    yield "search"


def tried_rule(page: Any, scene: Any) -> Iterator[str]:
    """What a change of a rule would do, before it is proposed."""
    page.goto(reverse("rules-propose", kwargs={"rule_id": "clock.case_report"}))
    page.click("button[name=try]")
    page.wait_for_selector("#tried-title, .errorlist")
    yield "rules-propose"


#: (who is signed in, with what session, the walk)
WALKS: list[tuple[str, str, Callable[[Any, Any], Iterator[str]]]] = [
    ("", "", second_factor), ("", "", locked), ("command", "", confirmed), ("", "", phone), ("", "", link), ("secretary", "", code),
    ("sec_admin", "", token), ("sys_admin", "", issued_link), ("cdc_east", "", exported), ("cdc_east", "", refused_row),
    ("office", "", tried_rule), ("office", "fresh", new_codes),
]  # fmt: skip


def sign_in(page: Any, username: str, password: str = PASSWORD) -> None:
    page.goto(reverse("account_login"))
    page.fill("input[name=login]", username)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")


def press(page: Any, name: str) -> None:
    """The button or link of that name in the page's own part."""
    page.locator("main").locator(f"button:has-text('{name}'), a.btn:has-text('{name}')").first.click()
    page.wait_for_load_state()
