"""The zone pages: the table of a day, one area with its reasons and history, the form of a decision."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tongchou import areas, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.refusal import Refusal, Refusals
from tongchou.rulebook.reader import COVID
from tongchou.zones.actions.decision import decide_level
from tongchou.zones.models import Level, ZoneDecision, ZoneProposal
from tongchou.zones.queries.table import ZoneLine, zone_table

_HISTORY_DAYS = 30


@page("zones")
def zones(request: HttpRequest) -> HttpResponse:
    """Every area inside the actor's reach on one day: computed, published, decided, why, when it may fall."""
    actor = _actor(request)
    disease = request.GET.get("disease", COVID)
    asked, problem = _day(request)
    day = asked or _newest_day(disease)
    lines = [line for line in zone_table(day, disease=disease) if _reaches(actor, line.area)] if day else []
    computed_at = max((line.proposal.computed_at for line in lines if line.proposal), default=None)
    context = {
        "day": day,
        "problem": problem,
        "rows": [_shown(line) for line in lines],
        "computed_at": computed_at,
        "running": bool(day and computed_at and computed_at < citytime.day_close(day)),
        "before": day - timedelta(days=1) if day else None,
        "after": day + timedelta(days=1) if day and day < citytime.today() else None,
        "may_decide": permissions.may(actor, "zone_decision", "decide"),
        "may_list": permissions.may(actor, "zone_decision", "list"),
        "may_list_published": permissions.may(actor, "published_level", "list"),
        "may_publish": permissions.may(actor, "published_level", "create"),
    }
    return render(request, "zones/zones.html", context)


@page("zone-area")
def zone_area(request: HttpRequest, area_path: str) -> HttpResponse:
    """One area: the day's proposal with its rule, the rows it beat, its decisions and its proposals day by day."""
    actor, disease = _actor(request), request.GET.get("disease", COVID)
    if not _reaches(actor, area_path):
        raise Http404
    asked, problem = _day(request)
    proposals = ZoneProposal.objects.filter(area_path=area_path, disease=disease).order_by("-day_on")
    proposal = (proposals.filter(day_on=asked) if asked else proposals).first()
    if proposal is None:
        raise Http404
    line = zone_table(proposal.day_on, disease=disease, proposals=[proposal])[0]
    context = {
        "row": _shown(line),
        "problem": problem,
        "history": proposals[:_HISTORY_DAYS],
        "decisions": ZoneDecision.objects.filter(area_path=area_path, disease=disease).order_by("-decided_at"),
        "may_decide": permissions.may(actor, "zone_decision", "decide"),
    }
    return render(request, "zones/area.html", context)


class DecisionForm(forms.Form):
    """What a decision must say before it can stand."""

    level = forms.ChoiceField(label=gettext_lazy("级别"), choices=Level.choices)
    reason = forms.CharField(label=gettext_lazy("理由"), max_length=500, widget=forms.Textarea(attrs={"rows": 3}))
    legal_basis = forms.CharField(label=gettext_lazy("法律依据"), max_length=300)
    complaint_channel = forms.CharField(label=gettext_lazy("申诉渠道"), max_length=200)
    to_on = forms.DateField(label=gettext_lazy("截止日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))
    review_on = forms.DateField(label=gettext_lazy("复评日期"), widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"}))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        for name, one in self.fields.items():
            one.widget.attrs["class"] = "form-select" if name == "level" else "form-control"

    def show(self, refusal: Refusal) -> None:
        for part in refusal.parts if isinstance(refusal, Refusals) else [refusal]:
            self.add_error(part.field if part.field in self.fields else None, part.text)


@page("zone-decide")
def zone_decide(request: HttpRequest, area_path: str) -> HttpResponse:
    """Decide an area's level on the newest proposal: a raise stands at once, anything else waits for a second person."""
    actor, disease = _actor(request), request.GET.get("disease", COVID)
    if not (_reaches(actor, area_path) and permissions.may(actor, "zone_decision", "decide")):
        raise Http404
    proposal = ZoneProposal.objects.filter(area_path=area_path, disease=disease).order_by("-day_on").first()
    if proposal is None:
        raise Http404
    today = citytime.today()
    start = {"level": proposal.level, "to_on": today + timedelta(days=14), "review_on": today + timedelta(days=7)}
    form = DecisionForm(request.POST or None, initial=start)
    if request.method == "POST" and form.is_valid():
        try:
            decision = decide_level(
                area_path=area_path,
                disease=disease,
                rule_id=proposal.rule_id,
                rule_version=proposal.rule_version,
                evidence={"day": proposal.day_on, "facts": proposal.facts, "data_version": proposal.data_version},
                proposal=proposal,
                by=actor,
                **form.cleaned_data,
            )
        except Refusal as refusal:
            form.show(refusal)
        else:
            messages.success(request, _said(decision))
            return redirect("zone-area", area_path=area_path)
    line = zone_table(proposal.day_on, disease=disease, proposals=[proposal])[0]
    return render(request, "zones/decide.html", {"row": _shown(line), "form": form}, status=422 if form.errors else 200)


def _said(decision: ZoneDecision) -> str:
    if decision.state == ZoneDecision.State.PROVISIONAL:
        return _("已临时生效，等待第二人复核。")
    return _("已记录，等待第二人确认后生效。")


def _shown(line: ZoneLine) -> dict[str, Any]:
    lang = get_language() or "zh"
    return {
        "line": line,
        "reasons": line.reasons(lang),
        "beaten": line.beaten(lang),
        "published_text": line.published_text(lang),
        "decided_text": line.decided_text(lang),
        "full_name": areas.full_name(line.area, line.day),
    }


def _actor(request: HttpRequest) -> Actor:
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404
    return actor


def _reaches(actor: Actor, area_path: str) -> bool:
    """A post sees its own area, what lies below, and what it lies in: a village may know its county's level."""
    own = [scope.value for scope in actor.scopes if scope.kind == "area"] + (
        [actor.area_path] if actor.area_path else []
    )
    return any(area_path.startswith(value) or value.startswith(area_path) for value in own)


def _newest_day(disease: str) -> date | None:
    rows = ZoneProposal.objects.filter(disease=disease, day_on__lte=citytime.today())
    return rows.order_by("-day_on").values_list("day_on", flat=True).first()


def _day(request: HttpRequest) -> tuple[date | None, str]:
    text = request.GET.get("date", "")
    if not text:
        return None, ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, _("日期“%(text)s”无法识别，请写成 2020-02-14。") % {"text": text[:20]}
