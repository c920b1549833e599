"""The page of people who may be in the ledger twice: why, side by side, merged by one click."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas, audit
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.ledger import registry, serializer
from tongchou.ledger.columns import area_path
from tongchou.people.actions.person import merge_persons
from tongchou.people.models import Person
from tongchou.people.queries.duplicates import DuplicatePair, duplicate_pairs
from tongchou.refusal import Refusal

_SHOWN = ("person_no", "name", "sex", "born_on", "id_no", "phone", "area_path")
_MOST_PAIRS = 100
_COUNTY_DIGITS = 6


@dataclass(frozen=True)
class Side:
    """One of the two rows, as this actor may see it."""

    row: Person
    cells: list[tuple[Any, Any]]


@dataclass(frozen=True)
class Line:
    left: Side
    right: Side
    reasons: str
    score: int


@page("duplicates")
def duplicates(request: HttpRequest) -> HttpResponse:
    """Candidate pairs of an area within the actor's reach; a POST merges one pair."""
    actor: Actor = Actor.of_request(request)  # type: ignore[assignment]  # the gate lets nobody in without one
    ledger = registry.get("person")
    may_merge = permissions.may(actor, "person", "merge")
    if request.method == "POST":
        return _merge(request, actor, may_merge)
    asked = request.GET.get("area", "").strip() or actor.area_path
    path = area_path(asked)
    problem = ""
    if path is None or not _reaches(actor, path):
        problem = _("“%(asked)s”不是您范围内的区划，请从下面选择或填写区划代码。") % {"asked": asked}
        path = actor.area_path
    # Grouping reads every row of the area asked for: a whole city is asked county by county, unless it is asked for by name.
    wide = len(path) < _COUNTY_DIGITS and "area" not in request.GET
    pairs = [] if wide else duplicate_pairs(path, _MOST_PAIRS)
    seen = set(ledger.rows(actor).filter(pk__in=[row.pk for pair in pairs for row in (pair.first, pair.second)]).values_list("pk", flat=True))
    lines = [_line(pair, actor) for pair in pairs if pair.first.pk in seen and pair.second.pk in seen]
    if lines:
        audit.record("list", ledger="person", object_id="", by=actor.by, area=path, count=2 * len(lines), note="duplicates")
    context = {
        "lines": lines,
        "wide": wide,
        "area": path,
        "area_name": areas.full_name(path),
        "parts": areas.children(path),
        "problem": problem,
        "may_merge": may_merge,
        "masked": any(cell.masked for line in lines for side in (line.left, line.right) for _column, cell in side.cells),
    }
    return render(request, "people/duplicates.html", context)


def _merge(request: HttpRequest, actor: Actor, may_merge: bool) -> HttpResponse:
    rows = registry.get("person").rows(actor)
    try:
        keep = rows.filter(person_no=request.POST.get("keep", "")).first()
        drop = rows.filter(person_no=request.POST.get("drop", "")).first()
        if not may_merge or keep is None or drop is None:
            raise Refusal(
                "这两行不在您的范围内，或您的岗位无权合并人员。", "These rows lie outside your scope, or your post may not merge people.", code="forbidden"
            )
        merge_persons(keep=keep, drop=drop, by=actor)
    except Refusal as refusal:
        messages.error(request, refusal.text)
    else:
        messages.success(
            request, _("已将 %(drop)s 并入 %(keep)s。打开 %(drop)s 可以撤销。") % {"drop": drop.person_no, "keep": keep.person_no}
        )
    return redirect(request.get_full_path())


def _reaches(actor: Actor, path: str) -> bool:
    for scope in actor.scopes:
        if scope.kind == "area":
            low, high = areas.subtree(scope.value)
            if low <= path < high:
                return True
    return False


def _line(pair: DuplicatePair, actor: Actor) -> Line:
    zh = (get_language() or "zh").startswith("zh")
    return Line(
        _side(pair.first, actor),
        _side(pair.second, actor),
        ("、" if zh else ", ").join(fact.zh if zh else fact.en for fact in pair.evidence),
        pair.score,
    )


def _side(row: Person, actor: Actor) -> Side:
    ledger = registry.get("person")
    columns = [column for column in serializer.visible_columns(ledger, actor) if column.name in _SHOWN]
    cells = serializer.serialize(ledger, row, actor, columns)
    return Side(row, [(column, cells[column.name]) for column in columns])
