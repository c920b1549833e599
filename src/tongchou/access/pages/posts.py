"""The organisation: the ladder of posts, who answers for each today and why, deputies and absences."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.http import urlencode
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_safe

from tongchou import areas, citytime
from tongchou.access import permissions, rules
from tongchou.access.actions import post as actions
from tongchou.access.actor import Actor
from tongchou.access.forms import AbsenceForm, DeputiseForm
from tongchou.access.models import Post, PostHolding
from tongchou.access.models.organisation import in_force
from tongchou.access.pages import page
from tongchou.access.queries import holders
from tongchou.access.roles import Role
from tongchou.refusal import Refusal

PAGE_POSTS = 50


@page("organisation")
@require_safe
def organisation(request: HttpRequest) -> HttpResponse:
    """One post, the ladder above it and the posts below it; without ``?post=`` the top of the city."""
    today = citytime.today()
    chosen = _chosen(request)
    below = Post.objects.filter(in_force(today, "active_from_on", "active_to_on"), parent=chosen).select_related("parent").order_by("area_path", "code")
    found = Paginator(below, PAGE_POSTS).get_page(request.GET.get("page"))
    context = {
        "chosen": _line(chosen, today) if chosen else None,
        "ladder": ladder(chosen),
        "lines": [_line(post, today) for post in found],
        "page": found,
        "extra": urlencode({"post": chosen.code}) if chosen else "",
    }
    return render(request, "access/organisation.html", context)


def _chosen(request: HttpRequest) -> Post | None:
    code = request.GET.get("post", "")
    if not code:
        return None
    post = Post.objects.filter(code=code).select_related("parent").first()
    if post is None:
        raise Http404(_("没有这个岗位。"))
    return post


def ladder(post: Post | None) -> list[Post]:
    """The posts above one, highest first."""
    above: list[Post] = []
    step = post.parent if post else None
    while step is not None and step not in above:
        above.insert(0, step)
        step = step.parent
    return above


def _line(post: Post, today: Any) -> dict[str, Any]:
    return {
        "post": post, "role": Role(post.role).label, "answer": holders.who_answers(post, today),
        "area": areas.full_name(post.area_path) if post.area_path else "",
    }


@page("post-holders")
@require_http_methods(["GET", "HEAD", "POST"])
def post_holders(request: HttpRequest, pk: Any) -> HttpResponse:
    """Who stands in a post, who answers for it today and why; named, ended and excused here."""
    post = get_object_or_404(Post.objects.select_related("parent"), pk=pk)
    actor: Any = Actor.of_request(request)
    form = DeputiseForm(request.POST if request.POST.get("do") == "deputise" else None, with_holder=permissions.may(actor, "post", "appoint"))
    if request.method == "POST":
        try:
            if _DO.get(request.POST.get("do", ""), _unknown)(request, post, actor, form):
                return redirect("post-holders", pk=post.pk)
        except Refusal as refusal:
            messages.error(request, refusal.text)
    today = citytime.today()
    may_deputise, may_appoint = _may_deputise(actor, post), permissions.may(actor, "post", "appoint")
    rows = [
        (row, row.holds_on(today), row.absent_on(today), may_appoint if row.kind == PostHolding.Kind.HOLDER else may_deputise)
        for row in _history(post)
    ]
    context = {
        "line": _line(post, today), "post": post, "rows": rows, "form": form, "absence": AbsenceForm(),
        "may_deputise": may_deputise, "actor": actor, "ladder": ladder(post),
    }
    return render(request, "access/post_holders.html", context)


def _history(post: Post) -> Any:
    return PostHolding.objects.filter(post=post).select_related("user").order_by("-from_on", "kind", "rank")[:100]


def _may_deputise(actor: Any, post: Post) -> bool:
    if not permissions.may(actor, "post", "deputise"):
        return False
    try:
        rules.demand_reach(actor, post)
    except Refusal:
        return False
    return True


def _deputise(request: HttpRequest, post: Post, actor: Any, form: DeputiseForm) -> bool:
    if not form.is_valid():
        return False
    data = form.cleaned_data
    days = {"from_on": data["from_on"], "to_on": data["to_on"]}
    if data["kind"] == PostHolding.Kind.HOLDER:
        actions.appoint(post=post, user=form.user, by=actor, **days)
    else:
        actions.deputise(post=post, user=form.user, kind=data["kind"], rank=data["rank"] or 1, by=actor, **days)
    messages.success(request, _("已安排，立即生效。"))
    return True


def _end(request: HttpRequest, post: Post, actor: Any, form: DeputiseForm) -> bool:
    actions.end_holding(holding=_holding(request, post), by=actor)
    messages.success(request, _("已终止，立即生效。"))
    return True


def _absent(request: HttpRequest, post: Post, actor: Any, form: DeputiseForm) -> bool:
    days = AbsenceForm(request.POST)
    if not days.is_valid():
        messages.error(request, _("请假日期不对，请按 2020-02-14 的样子填写。"))
        return False
    actions.mark_absent(holding=_holding(request, post), by=actor, **days.cleaned_data)
    messages.success(request, _("已登记请假，期间由副职按顺序代理。"))
    return True


def _lift(request: HttpRequest, post: Post, actor: Any, form: DeputiseForm) -> bool:
    actions.lift_absence(holding=_holding(request, post), by=actor)
    messages.success(request, _("已销假。"))
    return True


def _unknown(request: HttpRequest, post: Post, actor: Any, form: DeputiseForm) -> bool:
    raise Http404


def _holding(request: HttpRequest, post: Post) -> PostHolding:
    wanted = request.POST.get("holding", "")
    row = next((row for row in _history(post) if str(row.pk) == wanted), None)
    if row is None:
        raise Http404
    return row


_DO: dict[str, Callable[[HttpRequest, Post, Any, DeputiseForm], bool]] = {
    "deputise": _deputise, "end": _end, "absent": _absent, "lift": _lift,
}
