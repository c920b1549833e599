"""The form that files a task by hand (立项)."""

from __future__ import annotations

from typing import Any

from django import forms
from django.db.models import Q, QuerySet
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from tongchou import areas, citytime, rulebook
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.access.models.organisation import in_force
from tongchou.ledger.columns import area_path
from tongchou.refusal import Refusal
from tongchou.tasks.actions.task import open_task
from tongchou.tasks.models import Task

CLOCK_PREFIX = "clock.supervision."
#: runs from the closing of a task, so it is no choice when one is filed
AFTER_CLOSING = "clock.supervision.result"
_DAY_MINUTES = 24 * 60
MOST_LISTED = 300


def posts_within(actor: Actor) -> QuerySet[Post]:
    """Posts in force today inside the actor's areas, without the actor's own."""
    reach = Q(pk__in=())
    for scope in actor.scopes:
        if scope.kind == "area":
            reach |= areas.within("area_path", scope.value)
    return Post.objects.filter(reach, in_force(citytime.today(), "active_from_on", "active_to_on")).exclude(pk=actor.post_id).order_by("code")


class NewTaskForm(forms.Form):
    """What is to be done, where, by which post, how urgent; ``open`` files it."""

    title = forms.CharField(label=_("事项"), max_length=200, help_text=_("一事一单。请用编号指代人员，不写姓名、证件号码和电话。"))
    detail = forms.CharField(label=_("要求"), max_length=2000, required=False, widget=forms.Textarea(attrs={"rows": 4}))
    area = forms.CharField(label=_("区域"), max_length=60, help_text=_("区划代码或名称，例如 510402001001。"))
    post = forms.CharField(label=_("承办岗位"), max_length=120, help_text=_("岗位代码或名称，从列表中选择。"), widget=forms.TextInput(attrs={"list": "posts"}))
    urgency = forms.CharField(label=_("缓急"), widget=forms.Select)
    site_check = forms.BooleanField(label=_("复核前须现场核查"), required=False)
    assign = forms.BooleanField(label=_("立即交办"), required=False, initial=True, help_text=_("不勾选则只立项，稍后再交办。"))

    def __init__(self, actor: Actor, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.actor = actor
        english = (get_language() or "").startswith("en")
        rules = [rule for rule in rulebook.at(citytime.today(), area=actor.area_path).find(CLOCK_PREFIX) if rule.rule_id != AFTER_CLOSING]
        rules.sort(key=lambda rule: _rough_minutes(rule.value or {}))
        self.urgencies = {rule.rule_id: rule.label_en if english else rule.label_zh for rule in rules}
        self.fields["urgency"].widget.choices = list(self.urgencies.items())
        for name, field in self.fields.items():
            css = "form-select" if name == "urgency" else "form-check-input" if isinstance(field, forms.BooleanField) else "form-control"
            field.widget.attrs["class"] = css
        self.listed = list(posts_within(actor)[:MOST_LISTED])

    def clean_area(self) -> str:
        text = self.cleaned_data["area"]
        path = area_path(text)
        if not path or areas.find(path) is None:
            raise forms.ValidationError(_("没有“%(text)s”这个区划，请查区划台账。"), params={"text": text})
        if not any(scope.kind == "area" and path.startswith(scope.value) for scope in self.actor.scopes):
            raise forms.ValidationError(_("“%(text)s”不在您的辖区内。"), params={"text": text})
        return path

    def clean_post(self) -> Post:
        text = self.cleaned_data["post"].strip()
        found = list(posts_within(self.actor).filter(Q(code=text) | Q(name=text))[:2])
        if not found:
            raise forms.ValidationError(_("您的辖区内没有岗位“%(text)s”，请从列表中选择。"), params={"text": text})
        if len(found) > 1:
            raise forms.ValidationError(_("有几个岗位都叫“%(text)s”，请填岗位代码。"), params={"text": text})
        return found[0]

    def clean_urgency(self) -> str:
        if self.cleaned_data["urgency"] not in self.urgencies:
            raise forms.ValidationError(_("请选择缓急。"))
        return self.cleaned_data["urgency"]

    def open(self) -> Task:
        """File the task. Raises Refusal."""
        values = self.cleaned_data
        return open_task(
            kind="supervision", title=values["title"], detail=values["detail"], post=values["post"], ledger="area",
            object_id=values["area"], area_path=values["area"], clock_rule=values["urgency"], site_check=values["site_check"],
            assign=values["assign"], key="", by=self.actor,
        )  # fmt: skip

    def show(self, refusal: Refusal) -> None:
        """Put a refusal of the action beside the field it is about, or on top."""
        self.add_error(refusal.field if refusal.field in self.fields else None, refusal.text)


def _rough_minutes(value: dict[str, Any]) -> int:
    """The length of a limit, well enough to list the most urgent first."""
    return value.get("limit_minutes") or value.get("limit_working_days", 0) * _DAY_MINUTES
