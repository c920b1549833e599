"""Report a case with the definition in force beside the form; follow a case's course step by step."""

from __future__ import annotations

from datetime import date
from typing import Any

from django import forms
from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language, gettext_lazy
from django.utils.translation import gettext as _

from tongchou import areas, audit, citytime
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.ledger import registry, serializer
from tongchou.ledger.columns import area_path
from tongchou.outbreak import definitions
from tongchou.outbreak.actions.case import report_case
from tongchou.outbreak.models import Case, Outbreak
from tongchou.outbreak.plain_case import own_hospital
from tongchou.outbreak.words import speak
from tongchou.people.actions.patient import find_or_register
from tongchou.people.models import Person
from tongchou.reason import from_stored
from tongchou.refusal import Refusal, Refusals
from tongchou.tasks.models import Clock
from tongchou.tasks.queries.clock import states

_GROUPS = (
    ("epidemiological", gettext_lazy("流行病学史")),
    ("clinical", gettext_lazy("临床表现")),
    ("confirmed_by", gettext_lazy("确诊依据")),
)
_ANSWERS = (("", gettext_lazy("未问")), ("1", gettext_lazy("有")), ("0", gettext_lazy("无")))
_REPORTED = (Case.Status.SUSPECTED, Case.Status.CONFIRMED, Case.Status.ASYMPTOMATIC)


class ReportForm(forms.Form):
    """A new case as the hospital knows it. The items to tick come from the definition in force today."""

    field_order = ("outbreak",)

    status = forms.ChoiceField(label=gettext_lazy("病例状态"), choices=[(one.value, one.label) for one in _REPORTED])
    name = forms.CharField(label=gettext_lazy("姓名"), required=False, max_length=64)
    id_no = forms.CharField(
        label=gettext_lazy("身份证号"),
        required=False,
        max_length=32,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("本市已登记的人按证件号码找到，其余的新登记一人"),
    )
    phone = forms.CharField(
        label=gettext_lazy("电话"), required=False, max_length=32, widget=forms.TextInput(attrs={"autocomplete": "off"})
    )
    person_no = forms.CharField(
        label=gettext_lazy("人员编号"),
        required=False,
        max_length=32,
        help_text=gettext_lazy("人员台账中已有的人可只填编号"),
    )
    residence = forms.CharField(
        label=gettext_lazy("现住地区"), max_length=60, help_text=gettext_lazy("区划名称或代码，例如 510402001001")
    )
    found_at = forms.DateTimeField(
        label=gettext_lazy("发现时间"), widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    reported_at = forms.DateTimeField(
        label=gettext_lazy("网络直报时间"), required=False, widget=forms.DateTimeInput(attrs={"type": "datetime-local"})
    )
    onset_on = forms.DateField(
        label=gettext_lazy("发病日期"), required=False, widget=forms.DateInput(format="%Y-%m-%d", attrs={"type": "date"})
    )

    def __init__(self, *args: Any, items: dict[str, list[dict[str, str]]], **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["outbreak"] = forms.ModelChoiceField(
            label=_("疫情"), queryset=Outbreak.objects.filter(status=Outbreak.Status.OPEN), empty_label=None
        )
        side = "zh" if (get_language() or "zh").startswith("zh") else "en"
        self.codes = {}
        for group, _label in _GROUPS:
            for item in items[group]:
                name = f"item_{item['code']}"
                self.codes[name] = item["code"]
                self.fields[name] = forms.ChoiceField(label=item[side], choices=_ANSWERS, required=False)
        self.order_fields(self.field_order)
        for one in self.fields.values():
            one.widget.attrs["class"] = "form-select" if isinstance(one, forms.ChoiceField) else "form-control"
        self.groups = [(label, [self[f"item_{item['code']}"] for item in items[group]]) for group, label in _GROUPS]

    @property
    def plain(self) -> list[forms.BoundField]:
        """The fields that are no item of the definition."""
        return [field for field in self if field.name not in self.codes]

    def criteria(self) -> dict[str, bool]:
        given = {code: self.cleaned_data[name] for name, code in self.codes.items()}
        return {code: answer == "1" for code, answer in given.items() if answer}

    def show(self, refusal: Refusal) -> None:
        known = {"residence_path": "residence", "area_path": "residence", "person": "person_no"}
        for part in refusal.parts if isinstance(refusal, Refusals) else [refusal]:
            name = known.get(part.field, part.field)
            self.add_error(name if name in self.fields else None, part.text)


@page("case-report")
def case_report(request: HttpRequest) -> HttpResponse:
    """Report a new case; its clocks start at the time of finding."""
    actor = _actor(request, "create")
    outbreak = Outbreak.objects.filter(status=Outbreak.Status.OPEN).order_by("-opened_on").first()
    if outbreak is None:
        return render(request, "outbreak/no_outbreak.html", {})
    answer = definitions.in_force(citytime.today(), area_path=actor.area_path, disease=outbreak.disease)
    items = definitions.items(citytime.today(), area_path=actor.area_path, disease=outbreak.disease)
    form = ReportForm(request.POST or None, items=items, initial={"outbreak": outbreak})
    if request.method == "POST" and form.is_valid():
        try:
            with transaction.atomic():  # no patient is registered for a case that was refused
                case = _report(form, actor)
        except Refusal as refusal:
            form.show(refusal)
        else:
            messages.success(request, _("已登记病例 %(no)s，时限已起算。") % {"no": case.case_no})
            return redirect("case-course", pk=case.pk)
    context = {"form": form, "answer": answer, "label": _label(answer)}
    return render(request, "outbreak/report.html", context, status=422 if form.errors else 200)


def _report(form: ReportForm, actor: Actor) -> Case:
    values = form.cleaned_data
    area = _residence(values["residence"])
    _demand_reach(actor, area)
    person = None
    if values["name"] or values["id_no"] or values["phone"]:
        raw = {name: values[name] for name in ("name", "id_no", "phone")} | {"area_path": area.ljust(12, "0")}
        person = find_or_register(raw=raw, by=actor)
    elif values["person_no"]:
        person = registry.get("person").rows(actor).filter(person_no=values["person_no"]).first()
        if person is None:
            raise Refusal(
                f"您的范围内没有编号为 {values['person_no']} 的人员",
                f"there is no person {values['person_no']} within your scope",
                code="unknown_person",
                field="person_no",
            )
    return report_case(
        outbreak=values["outbreak"],
        person=person,
        sex=_sex(person),
        age_years=_age(person, citytime.day_of(values["found_at"])),
        hospital=own_hospital(actor),
        residence_path=area,
        status=values["status"],
        found_at=values["found_at"],
        reported_at=values["reported_at"],
        onset_on=values["onset_on"],
        criteria=form.criteria(),
        by=actor,
    )


def _sex(person: Person | None) -> str:
    return person.sex if person is not None and person.sex in Case.Sex.values else ""


def _age(person: Person | None, day: date) -> int | None:
    """Whole years on ``day``; None where no birth date is known."""
    if person is None or person.born_on is None:
        return None
    born = person.born_on
    return day.year - born.year - ((day.month, day.day) < (born.month, born.day))


def _residence(text: str) -> str:
    path = area_path(text.strip())
    if path is None:
        raise Refusal(
            f"“{text}”不是本市的区划代码，也不是只有一处的区划名称，请查区划台账",
            f"{text!r} is no division code of this city, nor a name that only one division bears: see the area ledger",
            code="unknown_area",
            field="residence_path",
        )
    return path


def _demand_reach(actor: Actor, path: str) -> None:
    """A hospital may find a case that lives anywhere in its city; a CDC enters those of its own area."""
    city = actor.area_path[:4]
    own = city if actor.role in ("HOSPITAL", "LAB") else actor.area_path
    if not path.startswith(own):
        raise Refusal(
            "该地区不在您岗位的范围内，请由当地疾控登记",
            "this area lies outside your post's reach: its own CDC registers the case",
            code="out_of_scope",
            field="residence_path",
        )


@page("case-course")
def case_course(request: HttpRequest, pk: str) -> HttpResponse:
    """A case's steps with their definition, evidence and reasons, and its clocks."""
    actor = _actor(request, "read")
    ledger = registry.get("case")
    case = ledger.rows(actor).filter(pk=pk).first()
    if case is None:
        raise Http404
    audit.record("read", ledger="case", object_id=case.pk, by=actor.by, area=case.area_path)
    lang = "zh" if (get_language() or "zh").startswith("zh") else "en"
    steps = [
        {
            "step": step,
            "label": step.get_status_display(),
            "reasons": [speak(from_stored(reason), lang) for reason in step.reasons],
        }
        for step in case.statuses.all()
    ]
    clocks = list(Clock.objects.filter(ledger="case", object_id=str(case.pk)).order_by("started_at", "id"))
    stands = states(clocks, citytime.now())
    shown = serializer.serialize(ledger, case, actor)
    context = {
        "case": case,
        "shown": shown,
        "masked": any(cell.masked for cell in shown.values()),
        "area_name": areas.full_name(case.area_path),
        "steps": steps if "status" in shown and not shown["status"].masked else [],
        "clocks": [(clock, stands[clock.pk]) for clock in clocks],
    }
    return render(request, "outbreak/course.html", context)


def _label(answer: Any) -> str:
    if answer is None:
        return ""
    return answer.row.label_zh if (get_language() or "zh").startswith("zh") else answer.row.label_en


def _actor(request: HttpRequest, verb: str) -> Actor:
    actor = Actor.of_request(request)
    if actor is None or not permissions.may(actor, "case", verb):
        raise Http404
    return actor
