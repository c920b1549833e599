"""Propose a change, look at what it would do, decide on it as the second person, withdraw a row of the city's own."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _

from tongchou import rulebook
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.house.rules import asking
from tongchou.house.rules.controls import controls, errors_by_path, read_value
from tongchou.house.rules.pages import actor_of, told
from tongchou.refusal import Refusal
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.actions.proposal import (
    approve_proposal,
    draft,
    propose_rule,
    propose_withdrawal,
    refuse_proposal,
)
from tongchou.rulebook.criteria import Fault
from tongchou.rulebook.models import RuleProposal, RuleRow
from tongchou.rulebook.packs import RESPONSE_LEVELS
from tongchou.rulebook.queries.dry_run import DryRun, drafted, try_proposal
from tongchou.rulebook.rows import Row

DECIDED_SHOWN = 100
PLAIN = (
    "area", "disease", "firm_class", "sector", "group", "valid_from_on", "valid_to_on", "mark", "source_text", "note_zh",
    "note_en", "response_level", "reason",
)  # fmt: skip


@page("rules-propose")
def propose_page(request: HttpRequest, rule_id: str) -> HttpResponse:
    """The form of a rule's value. "Try" shows what it would do; "propose" files it for the second person."""
    actor = actor_of(request)
    packs = pack_files.shipped()
    if rule_id not in packs.kinds:
        raise Http404(_("没有这条规则。"))
    asked = asking.of_request(request, actor)
    shape = packs.shape_of(rule_id)
    state = _Form(rule_id)
    if request.method == "POST":
        state.read(request.POST)
        state.hold_to(actor)
        if "propose" in request.POST and state.proposal is not None and not (state.errors or state.plain_errors):
            try:
                stored = propose_rule(proposal=state.proposal, by=actor.by)
            except Refusal as refusal:
                state.plain_errors.setdefault(refusal.field, []).append(refusal.text)
            else:
                messages.success(request, _("提案已提交，等待另一岗位的另一人批准。"))
                return redirect("rules-proposal", pk=stored.pk)
    else:
        state.start_from(asked)
    kind = packs.kinds[rule_id]
    context = {
        "asked": asked,
        "rule_id": rule_id,
        "label": kind.label_zh if asking.language() == "zh" else kind.label_en,
        "area_choices": asking.area_choices(actor, asked.day),
        "plain": state.plain,
        "plain_errors": state.plain_errors,
        "other_errors": state.plain_errors.get("", []),
        "marks": RuleProposal.Mark.choices,
        "levels": RESPONSE_LEVELS,
        "controls": controls(shape, state.value, asking.language(), state.errors),
        "tried": state.tried,
        "effects": _effects(state.tried, asked) if state.tried else None,
        "drafted": told(drafted(state.proposal, packs), asked) if state.proposal is not None else None,
    }
    return render(request, "house/rules/propose.html", context)


@page("rules-withdraw")
def withdraw_page(request: HttpRequest, pk: Any) -> HttpResponse:
    actor = actor_of(request)
    row = get_object_or_404(RuleRow, pk=pk, known_to_at__isnull=True)
    if not answers_for(actor, row.area_path):
        raise Http404
    asked = asking.of_request(request, actor)
    trial = RuleProposal(rule_id=row.rule_id, kind=RuleProposal.Kind.WITHDRAW, withdraws=row)
    error = ""
    if request.method == "POST":
        try:
            stored = propose_withdrawal(row=row, reason=request.POST.get("reason", ""), by=actor.by)
        except Refusal as refusal:
            error = refusal.text
        else:
            messages.success(request, _("撤回提案已提交，等待另一岗位的另一人批准。"))
            return redirect("rules-proposal", pk=stored.pk)
    found = next(one for one in rulebook.book().rows_of(row.rule_id) if one.row_id == str(row.pk))
    context = {
        "asked": asked,
        "rule_id": row.rule_id,
        "one": told(found, asked),
        "effects": _effects(try_proposal(trial), asked),
        "error": error,
        "reason": request.POST.get("reason", ""),
    }
    return render(request, "house/rules/withdraw.html", context)


@page("rules-proposals")
def proposals_page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = asking.of_request(request, actor)
    waiting = RuleProposal.objects.filter(state=RuleProposal.State.OPEN).order_by("proposed_at")
    decided = RuleProposal.objects.exclude(state=RuleProposal.State.OPEN).order_by("-decided_at")[:DECIDED_SHOWN]
    context = {
        "waiting": [_line(one, asked) for one in waiting],
        "decided": [_line(one, asked) for one in decided],
    }
    return render(request, "house/rules/proposals.html", context)


@page("rules-proposal")
def proposal_page(request: HttpRequest, pk: Any) -> HttpResponse:
    """One proposal with what it would do; the second person approves or refuses it here."""
    actor = actor_of(request)
    proposal = get_object_or_404(RuleProposal, pk=pk)
    asked = asking.of_request(request, actor)
    inside = answers_for(actor, proposal.area_path)
    may = {verb: inside and permissions.may(actor, "rule", verb) for verb in ("approve", "reject")}
    if request.method == "POST":
        return _decision(request, actor, proposal, may)
    packs = pack_files.shipped()
    still_open = proposal.state == RuleProposal.State.OPEN
    own = actor.user_id == proposal.proposed_user or actor.post_id == proposal.proposed_post
    context = {
        "asked": asked,
        "proposal": proposal,
        "line": _line(proposal, asked),
        "one": told(drafted(proposal, packs), asked),
        "effects": _effects(try_proposal(proposal), asked) if still_open else None,
        "may_approve": still_open and may["approve"] and not own,
        "may_refuse": still_open and may["reject"] and not own,
        "own": still_open and own,
        "outside": still_open and not inside,
    }
    return render(request, "house/rules/proposal.html", context)


def _decision(request: HttpRequest, actor: Actor, proposal: RuleProposal, may: dict[str, bool]) -> HttpResponse:
    approving = "approve" in request.POST
    if not may["approve" if approving else "reject"]:
        raise Http404
    note = request.POST.get("note", "")
    try:
        if approving:
            approve_proposal(proposal=proposal, note=note, by=actor.by)
        else:
            refuse_proposal(proposal=proposal, note=note, by=actor.by)
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(request, _("已批准，规则即刻生效。") if approving else _("已记为不批准，提出人看得到理由。"))
    return redirect("rules-proposal", pk=proposal.pk)


def answers_for(actor: Actor, area: str) -> bool:
    """Whether an area lies in the post's own: a county's post makes no rule for the city, a city's none for the nation."""
    return bool(actor.area_path) and area.startswith(actor.area_path)


class _Form:
    """What the propose form holds: plain fields as text, the value, errors by key, and the dry run."""

    def __init__(self, rule_id: str) -> None:
        self.rule_id = rule_id
        self.shape = pack_files.shipped().shape_of(rule_id)
        self.plain: dict[str, str] = dict.fromkeys(PLAIN, "")
        self.value: dict[str, Any] = {}
        self.errors: dict[str, list[str]] = {}
        self.plain_errors: dict[str, list[str]] = {}
        self.proposal: RuleProposal | None = None
        self.tried: DryRun | None = None

    def start_from(self, asked: asking.Asking) -> None:
        """The value in force for the question asked, for the asker's own area, from that day on."""
        self.plain |= {
            "area": asked.area,
            "disease": asked.disease,
            "valid_from_on": asked.day.isoformat(),
            "mark": RuleProposal.Mark.SEEN.value,
            **{key: getattr(asked, key) for key in asking.SCOPE_WORDS},
        }
        try:
            answer = asked.rules().get(self.rule_id)
        except rulebook.NoRule:
            return
        self.value = answer.value or {}
        self.plain["disease"] = answer.row.scope.disease

    def read(self, sent: QueryDict) -> None:
        """Take what was sent, and try it where it can be read."""
        self.plain = {key: sent.get(key, "").strip() for key in PLAIN}
        self.value = read_value(self.shape, sent)
        self.errors = errors_by_path(list(self.shape.faults(self.value)), asking.language())
        first, last = self._day("valid_from_on", required=True), self._day("valid_to_on", required=False)
        for key in ("reason", "source_text"):
            if not self.plain[key]:
                self._say(key, "不能为空。", "must be filled in.")
        if self.plain["mark"] not in RuleProposal.Mark.values:
            self._say("mark", "请选择标记。", "choose a mark.")
        if first is None or (last is None and self.plain["valid_to_on"]):
            return
        words = {key: self.plain[key] for key in PLAIN if key not in ("valid_from_on", "valid_to_on")}
        try:
            self.proposal = draft(
                rule_id=self.rule_id, value=self.value, valid_from_on=first, valid_to_on=last, **words
            )
        except Refusal as refusal:
            self._say("area", refusal.zh, refusal.en)
            return
        self.tried = try_proposal(self.proposal)
        for problem in self.tried.faults:
            if not problem.key.startswith("value."):
                self._say(
                    {"valid_from": "valid_from_on", "valid_to": "valid_to_on"}.get(problem.key, ""),
                    problem.zh,
                    problem.en,
                )

    def hold_to(self, actor: Actor) -> None:
        if self.proposal is not None and not answers_for(actor, self.proposal.area_path):
            place = asking.name_of(actor.area_path, self.proposal.valid_from_on) or actor.area_path
            self._say(
                "area",
                f"只能为本岗位的辖区（{place}）提出。",
                f"you may propose only for your post's own area ({place}).",
            )

    def _day(self, key: str, *, required: bool) -> date | None:
        text = self.plain[key]
        if not text and not required:
            return None
        try:
            return date.fromisoformat(text)
        except ValueError:
            self._say(key, "请写成日历上的日期，如 2020-02-14。", "write a day on the calendar, such as 2020-02-14.")
            return None

    def _say(self, key: str, zh: str, en: str) -> None:
        self.plain_errors.setdefault(key, []).append(zh if asking.language() == "zh" else en)


def _effects(tried: DryRun, asked: asking.Asking) -> dict[str, Any]:
    def each(rows: tuple[Row, ...]) -> list[dict[str, Any]]:
        return [told(row, asked) for row in rows]

    zh = asking.language() == "zh"
    faults = [Fault(problem.key, problem.zh, problem.en) for problem in tried.faults]
    return {
        "faults": [fault.zh if zh else fault.en for fault in faults],
        "replaced": each(tried.replaced),
        "hidden": each(tried.hidden),
        "before": told(tried.before, asked) if tried.before else None,
        "returns": told(tried.returns, asked) if tried.returns else None,
    }


def _line(proposal: RuleProposal, asked: asking.Asking) -> dict[str, Any]:
    kind = pack_files.shipped().kinds.get(proposal.rule_id)
    label = (kind.label_zh if asking.language() == "zh" else kind.label_en) if kind else proposal.rule_id
    return {"proposal": proposal, "label": label, "area": asking.name_of(proposal.area_path, asked.day)}
