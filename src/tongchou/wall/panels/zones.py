"""The divisions of an area: computed, decided and published level, why, cases, and the zero-case clock."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from django.db.models import Max
from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas
from tongchou.areas import Division
from tongchou.bridge import counts
from tongchou.bridge.zero_clock import ZeroClock, clocks_of
from tongchou.outbreak.models import Outbreak
from tongchou.wall.zero import Strip, strip_of
from tongchou.zones.models import ZoneProposal
from tongchou.zones.queries.table import ZoneLine, zone_table


@dataclass(frozen=True)
class Row:
    """One division. Levels are ``low``, ``medium``, ``high`` or empty; the notes say why one is empty or differs."""

    path: str
    name: str
    url: str
    computed: str
    decided: str
    decided_note: str
    published: str
    published_note: str
    reasons: list[str]
    rule: str
    rule_url: str
    days_to_downgrade: int | None
    active: int
    total: int
    strip: Strip

    @property
    def summary(self) -> str:
        """The first reason (which level, and why no other) and the last (what lowering waits for)."""
        return _("；").join(dict.fromkeys([*self.reasons[:1], *self.reasons[-1:]]))


@dataclass(frozen=True)
class Zones:
    """``judged`` says that a level is proposed for these divisions; ``on`` is the day they speak of, ``at`` when."""

    title: str
    judged: bool
    on: date | None
    at: datetime | None
    rows: list[Row]

    @property
    def unpublished(self) -> str:
        """Why no level is published, said once where it is the same for all."""
        notes = {row.published_note for row in self.rows if not row.published}
        return notes.pop() if len(notes) == 1 else ""


def zones(outbreak: Outbreak, path: str, day: date) -> Zones:
    """The divisions straight below ``path`` as they stand on ``day``."""
    divisions = areas.children(path, day)
    if not divisions:
        return Zones(_title(""), False, None, None, [])
    paths, level = [one.path for one in divisions], divisions[0].level
    on, lines = _lines(outbreak, paths, day)
    figures = counts.figures_by_area(outbreak, day, level)
    running = dict(zip(paths, clocks_of(outbreak, day, paths, level), strict=True))
    rows = [_row(one, lines.get(one.path), figures.get(one.path, counts.Figures()), running[one.path]) for one in divisions]
    computed = max((line.proposal.computed_at for line in lines.values() if line.proposal), default=None)
    return Zones(_title(level), bool(lines), on, computed, rows)


def _title(level: str) -> str:
    return {
        "county": _("区县分级"), "township": _("乡镇、街道"), "village": _("村、社区"), "grid": _("网格"),
    }.get(level, _("区划"))  # fmt: skip


def _lines(outbreak: Outbreak, paths: list[str], day: date) -> tuple[date | None, Mapping[str, ZoneLine]]:
    """The zone table of the newest day up to ``day`` on which these divisions were judged."""
    proposals = ZoneProposal.objects.filter(disease=outbreak.disease, area_path__in=paths, day_on__lte=day)
    newest = proposals.aggregate(on=Max("day_on"))["on"]
    if newest is None:
        return None, {}
    table = zone_table(newest, disease=outbreak.disease, proposals=proposals.filter(day_on=newest))
    return newest, {line.area: line for line in table}


def _row(one: Division, line: ZoneLine | None, figures: counts.Figures, clock: ZeroClock) -> Row:
    language = get_language() or "zh"
    return Row(
        path=one.path,
        name=one.name,
        url=reverse("wall-area", kwargs={"path": one.path}),
        computed=line.level if line else "",
        decided=line.decided if line else "",
        decided_note=line.decided_text(language) if line else "",
        published=line.published if line else "",
        published_note=line.published_text(language) if line else "",
        reasons=line.reasons(language) if line else [],
        rule=(line.rule or (line.proposal.rule_id if line.proposal else "")) if line else "",
        rule_url=_rule_url(line),
        days_to_downgrade=line.days_to_downgrade if line else None,
        active=figures.active,
        total=figures.confirmed,
        strip=strip_of(clock),
    )


def _rule_url(line: ZoneLine | None) -> str:
    if line is None or line.proposal is None:
        return ""
    try:
        return reverse("rules-detail", kwargs={"rule_id": line.proposal.rule_id})
    except NoReverseMatch:
        return ""
