"""The outlook of the city or one county on a day: too few to say or not, chains, and how likely it is over."""

from __future__ import annotations

from datetime import date

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _

from tongchou import areas, citytime
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.outbreak import reach
from tongchou.outbreak.models import Outbreak
from tongchou.outbreak.outlook_view import chance_text, view_of
from tongchou.outbreak.queries.outlook import days_of, newest_outlook, outlooks_of, record_of


@page("outlook")
def outlook(request: HttpRequest) -> HttpResponse:
    """The widest area that this post sees."""
    outbreak = _outbreak()
    actor = _actor(request)
    if outbreak is None:
        return render(request, "outbreak/outlook.html", {"view": None, "name": "", "no_outbreak": True})
    top = reach.top_of(actor, outbreak.area_path)
    if not top:
        raise Http404
    return redirect("outlook-area", path=_judged(top, outbreak))


@page("outlook-area")
def outlook_area(request: HttpRequest, path: str) -> HttpResponse:
    """One area on the day asked for, or on the newest day that has an outlook; the city shows its counties beside."""
    outbreak, actor = _outbreak(), _actor(request)
    if outbreak is None or not _may_see(actor, outbreak, path):
        raise Http404
    day, problem = _day(request.GET.get("date", ""))
    row = newest_outlook(outbreak, path, day)
    below = outlooks_of(outbreak, row.day_on) if row and path == outbreak.area_path else {}
    context = {
        "outbreak": outbreak,
        "name": areas.name_of(path),
        "path": path,
        "view": view_of(row),
        "problem": problem,
        "history": [view_of(one) for one in reversed(days_of(outbreak, path, last=14))],
        "record": _record(outbreak, path),
        "below": [view_of(one) for one in below.values() if one.area_path != path],
        "above": outbreak.area_path
        if path != outbreak.area_path and _may_see(actor, outbreak, outbreak.area_path)
        else "",
    }
    return render(request, "outbreak/outlook.html", context)


def _record(outbreak: Outbreak, path: str) -> str:
    """How earlier forecasts of the area fared, in a sentence; empty before the first is scored."""
    record = record_of(outbreak, path)
    if record is None:
        return ""
    return _("以往的预测已评分 %(days)d 天：平均加权区间得分 %(wis).2f 例，实际落在 50%% 区间内 %(fifty)s、90%% 区间内 %(ninety)s") % {
        "days": record.days, "wis": record.wis, "fifty": chance_text(record.in_50), "ninety": chance_text(record.in_90),
    }  # fmt: skip


def _outbreak() -> Outbreak | None:
    """The open outbreak; where several are, the one opened last."""
    return Outbreak.objects.filter(status=Outbreak.Status.OPEN).order_by("-opened_on", "-id").first()


def _actor(request: HttpRequest) -> Actor:
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404
    return actor


def _judged(path: str, outbreak: Outbreak) -> str:
    """Outlooks are of the city and its counties (townships, where it has none): a village's post is shown its county."""
    if len(path) <= len(outbreak.area_path):
        return outbreak.area_path
    return path[: 6 if areas.below(outbreak.area_path, citytime.today(), "county") else 9]


def _may_see(actor: Actor, outbreak: Outbreak, path: str) -> bool:
    """Within reach, or the county that the post's own area lies in."""
    top = reach.top_of(actor, outbreak.area_path)
    known = areas.find(path) is not None
    return known and bool(top) and (reach.reaches(actor, outbreak.area_path, path) or path == _judged(top, outbreak))


def _day(text: str) -> tuple[date | None, str]:
    if not text:
        return citytime.today(), ""
    try:
        return date.fromisoformat(text), ""
    except ValueError:
        return None, _("日期“%(text)s”无法识别，请写成 2020-02-14。") % {"text": text[:20]}
