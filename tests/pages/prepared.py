"""What pages with a history need: a sheet read, a rule proposed, a code shown, a level decided - by the product's own actions."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from allauth.mfa.models import Authenticator
from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

from tongchou import citytime, jobs, rulebook
from tongchou.access.actions.phone import show_code
from tongchou.access.actions.token import make_token
from tongchou.access.actions.user import reset_link
from tongchou.ledger import registry
from tongchou.ledger.exchange import applying
from tongchou.rulebook.actions.proposal import approve_proposal, draft, propose_rule
from tongchou.rulebook.models import RuleProposal, RuleRow
from tongchou.scenarios.actions.run import ask_run
from tongchou.tasks.actions.task import accept_task
from tongchou.zones.actions.decision import decide_level
from tongchou.zones.models import ZoneProposal

from tests.cast import CITY, EAST, VILLAGE, Cast
from tests.people.conftest import number


def sheets(cast: Cast) -> dict[str, Any]:
    """A sheet with a good and a bad row that waits to be confirmed, and one whose columns nobody knows."""
    lines = {
        "sheet": ("姓名,证件号码,居住区划", f"王一,{number()},{VILLAGE}", f"李二,123,{VILLAGE}"),
        "foreign_sheet": ("who,born,where", f"王一,14/02/1980,{VILLAGE}"),
    }
    made = {
        name: applying.take_upload(
            ledger=registry.get("person"), file_name=f"{name}.csv", chunks=["\n".join(text).encode()], map_name="", by=cast.actor("secretary")
        ).pk
        for name, text in lines.items()
    }
    jobs.run(until_idle=True, periodic=False)
    return made


def rules(cast: Cast) -> dict[str, Any]:
    """A change that waits for its second person, and a row of the city's own that could be withdrawn."""
    value = rulebook.at(citytime.today(), area="5104").get("clock.case_report").value

    def asked(minutes: int, day: Any) -> RuleProposal:
        changed = draft(
            rule_id="clock.case_report", value=value | {"limit_minutes": minutes}, valid_from_on=day, area="5104",
            disease="covid-19", source_text="攀指〔2020〕8 号", reason="从严",
        )  # fmt: skip
        return propose_rule(proposal=changed, by=cast.actor("office").by)

    approve_proposal(proposal=asked(90, citytime.today()), by=cast.actor("command").by)
    waiting = asked(60, citytime.today() + timedelta(days=3))
    return {"proposal": waiting.pk, "own_rule": RuleRow.objects.get(rule_id="clock.case_report", known_to_at=None).pk}


def doors(cast: Cast) -> dict[str, Any]:
    """A link, a phone's code, a token, recovery codes; a person who has no second factor yet."""
    Authenticator.objects.filter(user=cast.users["grid"]).delete()
    RecoveryCodes.activate(cast.users["auditor"])
    make_token(name="医院系统", post=cast.posts["hospital"], by=cast.actor("sec_admin"))
    return {
        "link_secret": reset_link(user=cast.users["lab"], by=cast.actor("sys_admin")).secret,
        "phone_secret": show_code(user=cast.users["checkpoint"], by=cast.actor("secretary")).secret,
    }


def decision(cast: Cast) -> dict[str, Any]:
    """A level decided by the county that waits for its second person."""
    proposal = ZoneProposal.objects.filter(area_path=EAST).latest("day_on")
    today = citytime.today()
    made = decide_level(
        area_path=EAST, disease=proposal.disease, level="high", reason="出现聚集性疫情", legal_basis="传染病防治法第四十二条",
        complaint_channel="拨打 12345", to_on=today + timedelta(days=14), review_on=today + timedelta(days=7), rule_id=proposal.rule_id,
        rule_version=proposal.rule_version, evidence={"day": proposal.day_on}, proposal=proposal, by=cast.actor("east"),
    )  # fmt: skip
    return {"decision": made.pk}


def comparisons(cast: Cast) -> dict[str, Any]:
    """A comparison of scenarios in a tiny city that is computed, and one that waits."""
    sides = [
        {"name_zh": name, "name_en": "", "text": f'[[measure]]\nkind = "closure"\nlayers = ["school"]\nto_day = {last}\n'}
        for name, last in (("停课一周", 6), ("停课两周", 13))
    ]  # fmt: skip
    plan = {
        "city": "panzhihua", "people": 1000, "disease": "sars-cov-2-wild", "starts_on": "2020-02-14", "days": 14, "replicates": 2, "seed": 1,
        "beds": 1, "imports": [{"count": 20}], "sides": sides,
    }  # fmt: skip
    made = [
        ask_run(title=title, area_path=CITY, plan=plan, persons=1000, by=cast.actor(who)).pk
        for title, who in (("停课一周 ↔ 停课两周", "command"), ("停课一周 ↔ 停课两周", "office"))
    ]
    jobs.run(until_idle=True, periodic=False, max_jobs=1)
    return {"comparison": made[0], "waiting_comparison": made[1]}


def prepare(cast: Cast, accepted: Any) -> dict[str, Any]:
    """All of it; ``accepted`` is a task of the grid worker that he takes on."""
    accept_task(task=accepted, by=cast.actor("grid"))
    return {**sheets(cast), **rules(cast), **doors(cast), **decision(cast), **comparisons(cast), "accepted_task": accepted.pk}
