"""The divisions of an area: computed, decided and published level, why, cases, and the zero-case clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from django.db.models import Max
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas
from tongchou.areas import Division
from tongchou.bridge import counts
from tongchou.outbreak.models import Outbreak
from tongchou.wall.zero import ZeroClock, clocks
from tongchou.zones.models import ZoneProposal
from tongchou.zones.queries.level import published_of, standing_of

BELOW = {"province": "city", "city": "county", "county": "township", "township": "village", "village": "grid"}
#: the strip of a zero-case clock: one cell a day, this wide in its drawing
CELL_WIDTH, CELL_STEP, LONGEST_STRIP = 5, 6, 56


@dataclass(frozen=True)
class Strip:
    label: str
    text: str
    cells: list[tuple[int, bool]]
    marks: list[int]
    width: int


@dataclass(frozen=True)
class Row:
    """One division. Levels are ``low``, ``medium``, ``high`` or empty; ``published_note`` says why none is published."""

    path: str
    name: str
    url: str
    computed: str
    decided: str
    published: str
    published_note: str
    reasons: list[str]
    rule: str
    rule_url: str
    days_to_downgrade: int | None
    active: int
    total: int
    strip: Strip


@dataclass(frozen=True)
class Zones:
    """``judged`` says that a level is proposed for these divisions; ``on`` is the day of the proposals."""

    title: str
    level: str
    judged: bool
    on: date | None
    rows: list[Row]


def zones(outbreak: Outbreak, path: str, day: date) -> Zones:
    """The divisions straight below ``path`` as they stand on ``day``."""
    divisions = areas.children(path, day)
    level = divisions[0].level if divisions else BELOW.get(areas.level_of(path), "")
    proposals = _proposals(outbreak, [one.path for one in divisions], day)
    figures = counts.figures_by_area(outbreak, day, level) if divisions else {}
    running = clocks(outbreak, day, level, [one.path for one in divisions]) if divisions else {}
    published = published_of([one.path for one in divisions], disease=outbreak.disease, on=day)
    decided = standing_of([one.path for one in divisions], disease=outbreak.disease, on=day)
    rows = [
        _row(
            one, proposals.get(one.path), figures.get(one.path, counts.Figures()), running[one.path],
            decided[one.path].level if one.path in decided else "", published[one.path].level if one.path in published else "",
        )
        for one in divisions
    ]  # fmt: skip
    on = max((one.day_on for one in proposals.values()), default=None)
    return Zones(_title(level), level, bool(proposals), on, rows)


def _title(level: str) -> str:
    return {
        "county": _("区县分级"), "township": _("乡镇、街道"), "village": _("村、社区"), "grid": _("网格"),
    }.get(level, _("区划"))  # fmt: skip


def _proposals(outbreak: Outbreak, paths: list[str], day: date) -> Mapping[str, ZoneProposal]:
    """The newest proposals of these divisions up to ``day``."""
    rows = ZoneProposal.objects.filter(disease=outbreak.disease, area_path__in=paths, day_on__lte=day)
    newest = rows.aggregate(on=Max("day_on"))["on"]
    return {row.area_path: row for row in rows.filter(day_on=newest)} if newest else {}


def _row(
    one: Division, proposal: ZoneProposal | None, figures: counts.Figures, zero: ZeroClock, decided: str, published: str
) -> Row:
    side = "en" if (get_language() or "").startswith("en") else "zh"
    return Row(
        path=one.path,
        name=one.name,
        url=reverse("wall-area", kwargs={"path": one.path}),
        computed=proposal.level if proposal else "",
        decided=decided,
        published=published,
        published_note="" if published else _("名单未录入"),
        reasons=[reason[side] for reason in proposal.reasons] if proposal else [],
        rule=(proposal.rule_version or proposal.rule_id) if proposal else "",
        rule_url=_rule_url(proposal),
        days_to_downgrade=proposal.days_to_downgrade if proposal else None,
        active=figures.active,
        total=figures.confirmed,
        strip=strip_of(zero),
    )


def _rule_url(proposal: ZoneProposal | None) -> str:
    if proposal is None:
        return ""
    try:
        return reverse("rule", kwargs={"rule_id": proposal.rule_id})
    except NoReverseMatch:
        return ""


def strip_of(zero: ZeroClock) -> Strip:
    """The clock drawn as one cell a day up to the longest named run; a line stands after each named run."""
    longest = min(max(zero.marks, default=0), LONGEST_STRIP)
    full = longest if zero.days is None else min(zero.days, longest)
    return Strip(
        label=zero.status,
        text=zero.text,
        cells=[(step * CELL_STEP, step < full) for step in range(longest)],
        marks=[mark * CELL_STEP - 1 for mark in zero.marks if mark < longest],
        width=max(longest * CELL_STEP - 1, 1),
    )
