"""Rules in force on a day, and one rule with its history over both times, its source and who changed it."""

from __future__ import annotations

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from tongchou import audit, rulebook
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.pages import page
from tongchou.house.rules import asking
from tongchou.house.rules.asking import Asking
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook import words
from tongchou.rulebook.models import RuleProposal
from tongchou.rulebook.packs import LAST_ORDER
from tongchou.rulebook.queries.history import every_row, spans_of
from tongchou.rulebook.rows import MARK_WORDS, SCOPE_KEYS, Row
from tongchou.rulebook.shapes import Shape

TRAIL_LINES = 50
SUMMARY_LINES = 3


def actor_of(request: HttpRequest) -> Actor:
    """The acting post. The middleware lets nobody through without one; a page opened by mistake shows nothing."""
    actor = Actor.of_request(request)
    if actor is None:
        raise Http404
    return actor


@page("rulebook")
def list_page(request: HttpRequest) -> HttpResponse:
    actor = actor_of(request)
    asked = asking.of_request(request, actor)
    search, mark = request.GET.get("q", "").strip(), request.GET.get("mark", "")
    found = [answer for answer in asked.rules().find("") if _matches(answer, search) and mark in ("", answer.mark)]
    context = {
        "asked": asked,
        "search": search,
        "mark": mark,
        "marks": [(key, said[_index()]) for key, said in MARK_WORDS.items()],
        "area_choices": asking.area_choices(actor, asked.day),
        "groups": _grouped(found),
        "count": len(found),
        "missing": sum(1 for answer in found if not answer.found),
        "waiting": RuleProposal.objects.filter(state=RuleProposal.State.OPEN).count(),
        "may_decide": permissions.may(actor, "rule", "approve"),
    }
    return render(request, "house/rules/list.html", context)


@page("rules-detail")
def detail_page(request: HttpRequest, rule_id: str) -> HttpResponse:
    actor = actor_of(request)
    packs = pack_files.shipped()
    rows = every_row(rule_id)
    if not rows:
        raise Http404(_("没有这条规则。"))
    asked = asking.of_request(request, actor)
    kind = packs.kinds.get(rule_id)
    answer, refusal = None, None
    try:
        answer = asked.rules().get(rule_id)
    except rulebook.NoRule as error:
        refusal = error
    known = {row.version for row in rows if row.scope.covers(asked.rules().asked)}
    context = {
        "asked": asked,
        "rule_id": rule_id,
        "label": (kind.label_zh if asking.language() == "zh" else kind.label_en) if kind else rule_id,
        "section": kind.section if kind else "",
        "pack": packs.labels[kind.file][_index()] if kind else "",
        "area_choices": asking.area_choices(actor, asked.day),
        "answer": answer,
        "refusal": refusal,
        "shown": told(answer.row, asked) if answer else None,
        "why": answer.why(asking.language()) if answer else "",
        "spans": _spans(rule_id, asked),
        "rows": [
            told(row, asked) | {"mine": row.scope.area.startswith(actor.area_path or "-")}
            for row in sorted(rows, key=lambda row: row.version not in known)
        ],
        "trail": audit.timeline("rule", rule_id)[:TRAIL_LINES],
        "proposals": RuleProposal.objects.filter(rule_id=rule_id).order_by("-proposed_at")[:TRAIL_LINES],
        "may_propose": permissions.may(actor, "rule", "propose") and kind is not None,
    }
    return render(request, "house/rules/detail.html", context)


def told(row: Row, asked: Asking) -> dict[str, Any]:
    """One row in the reader's language, for the templates."""
    packs = pack_files.shipped()
    kind = packs.kinds.get(row.rule_id)
    shape = packs.shapes[kind.shape] if kind else None
    zh = asking.language() == "zh"
    lines = words.in_words(shape, row.value, asking.language())
    return {
        "row": row,
        "label": row.label_zh if zh else row.label_en,
        "note": row.note_zh if zh else row.note_en,
        "lines": lines,
        "summary": summary(lines, shape),
        "mark": MARK_WORDS[row.mark][_index()],
        "sources": [(mark, _source(packs.sources.get(mark, ""))) for mark in row.source],
        "area": asking.name_of(row.scope.area, asked.day),
        "scope": [getattr(row.scope, key) for key in SCOPE_KEYS if getattr(row.scope, key)],
    }


def summary(lines: list[words.Line], shape: Shape | None) -> str:
    """The telling lines of a value in one sentence part: criteria where it has them, else its first lines."""
    said = [line for line in lines if line.text or line.rows]
    if shape is not None and shape.levels_from:
        declared = {field.key for field in shape.fields}
        said = [line for line in said if line.key.partition(".")[0] not in declared]
    said = said[:SUMMARY_LINES]
    between = "；" if asking.language() == "zh" else "; "
    return between.join(f"{line.label} {line.text}" if line.text else _table_in_short(line) for line in said)


def _table_in_short(line: words.Line) -> str:
    """The longest word of each of a table's first rows (a code stands before it) and how many rows there are."""
    names = [max(row[1:] or row, key=len) for row in line.rows[:SUMMARY_LINES]]
    listed = ("、" if asking.language() == "zh" else ", ").join(names)
    if len(line.rows) <= SUMMARY_LINES:
        return listed
    return _("%(listed)s 等 %(n)d 项") % {"listed": listed, "n": len(line.rows)}


def _source(text: str) -> str:
    """A source's text; the marks K, D and CITY carry both languages, parted by a slash."""
    parts = text.split(" / ")
    return parts[1 if asking.language() == "zh" else 0] if len(parts) == 2 else text


def _index() -> int:
    return 0 if asking.language() == "zh" else 1


def _matches(answer: rulebook.RuleAnswer, search: str) -> bool:
    """By the beginning of the id, or by any part of its labels."""
    low = search.lower()
    return not low or answer.rule_id.startswith(low) or low in answer.label_zh.lower() or low in answer.label_en.lower()


def _grouped(found: list[rulebook.RuleAnswer]) -> list[dict[str, Any]]:
    packs = pack_files.shipped()
    by_pack: dict[tuple[int, str], list[dict[str, Any]]] = {}
    for answer in found:
        kind = packs.kinds.get(answer.rule_id)
        name = packs.labels[kind.file][_index()] if kind else _("其他")
        place = packs.orders[kind.file] if kind else LAST_ORDER
        shape = packs.shapes[kind.shape] if kind else None
        lines = words.in_words(shape, answer.value, asking.language())
        zh = asking.language() == "zh"
        by_pack.setdefault((place, name), []).append(
            {
                "answer": answer,
                "label": answer.label_zh if zh else answer.label_en,
                "mark": MARK_WORDS[answer.mark][_index()],
                "summary": summary(lines, shape),
                "area": asking.name_of(answer.row.scope.area, answer.day),
            }
        )
    return [{"name": name, "rows": rows} for (_place, name), rows in sorted(by_pack.items(), key=lambda item: item[0])]


def _spans(rule_id: str, asked: Asking) -> list[dict[str, Any]]:
    spans = spans_of(
        rule_id,
        area=asked.area,
        disease=asked.disease,
        known_on=asked.known_on,
        group=asked.group,
        sector=asked.sector,
        firm_class=asked.firm_class,
    )
    return [
        {
            "from_on": span.from_on,
            "to_on": span.to_on,
            "told": told(span.row, asked) if span.row else None,
            "now": span.from_on <= asked.day and (span.to_on is None or asked.day <= span.to_on),
        }
        for span in spans
    ]
