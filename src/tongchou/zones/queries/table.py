"""The zone table of a day: computed, published and decided level of every area side by side, with the differences."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou import areas
from tongchou.reason import Reason
from tongchou.zones.models import RANK, PublishedLevel, ZoneDecision, ZoneProposal
from tongchou.zones.queries.level import lapsed, published_of, standing_of
from tongchou.zones.words import speak


@dataclass(frozen=True)
class ZoneLine:
    """One area on one day. ``level`` and ``published`` are "" where there is none; the reasons say why."""

    day: date
    area: str
    name: str
    proposal: ZoneProposal | None
    level: str
    published: str
    published_on: date | None
    published_source: str
    published_reason: Reason
    decision: ZoneDecision | None
    decided: str
    decided_reason: Reason

    @property
    def rule(self) -> str:
        return self.proposal.rule_version if self.proposal else ""

    @property
    def days_to_downgrade(self) -> int | None:
        return self.proposal.days_to_downgrade if self.proposal else None

    @property
    def next_level(self) -> str:
        return self.proposal.next_level if self.proposal else ""

    def reasons(self, lang: str) -> list[str]:
        """Why the level is what it is, as sentences."""
        return [
            reason["zh" if lang.startswith("zh") else "en"]
            for reason in (self.proposal.reasons if self.proposal else ())
        ]

    def beaten(self, lang: str) -> list[str]:
        """The rule rows that the rule in force was preferred to, and why."""
        side = "zh" if lang.startswith("zh") else "en"
        return [f"{row['version']}: {row[side]}" for row in (self.proposal.beaten if self.proposal else ())]

    def published_text(self, lang: str) -> str:
        return speak(self.published_reason, lang)

    def decided_text(self, lang: str) -> str:
        return speak(self.decided_reason, lang)

    @property
    def needs_decision(self) -> bool:
        """Whether a post is asked: the proposal differs from what stands decided, or the decision has lapsed."""
        if self.decision is not None and lapsed(self.decision, self.day):
            return True
        return bool(self.level) and self.level != self.decided

    def stored(self) -> dict[str, Any]:
        """The form that a brief keeps."""
        return {
            "area": self.area,
            "name": self.name,
            "level": self.level,
            "published": self.published,
            "decided": self.decided,
            "rule": self.rule,
            "days_to_downgrade": self.days_to_downgrade,
            "reasons_zh": self.reasons("zh"),
            "reasons_en": self.reasons("en"),
            "published_zh": self.published_text("zh"),
            "published_en": self.published_text("en"),
            "decided_zh": self.decided_text("zh"),
            "decided_en": self.decided_text("en"),
        }


def zone_table(day: date, *, disease: str, proposals: Iterable[ZoneProposal] | None = None) -> list[ZoneLine]:
    """The table of a day, by area code. ``proposals`` are those stored for the day unless given."""
    if proposals is None:
        proposals = ZoneProposal.objects.filter(day_on=day, disease=disease)
    by_area = {row.area_path: row for row in proposals}
    published = published_of(by_area, disease=disease, on=day)
    decided = standing_of(by_area, disease=disease, on=day)
    newest = max((row.published_on for row in published.values()), default=None) or _newest_list(day, disease)
    return [_line(day, by_area[path], published.get(path), newest, decided.get(path)) for path in sorted(by_area)]


def _newest_list(day: date, disease: str) -> date | None:
    rows = PublishedLevel.objects.filter(disease=disease, published_on__lte=day)
    return rows.order_by("-published_on").values_list("published_on", flat=True).first()


def _line(
    day: date,
    proposal: ZoneProposal,
    published: PublishedLevel | None,
    newest: date | None,
    decision: ZoneDecision | None,
) -> ZoneLine:
    return ZoneLine(
        day=day,
        area=proposal.area_path,
        name=areas.name_of(proposal.area_path, day),
        proposal=proposal,
        level=proposal.level,
        published=published.level if published else "",
        published_on=published.published_on if published else None,
        published_source=published.source if published else "",
        published_reason=_compare_published(day, proposal.level, published, newest),
        decision=decision,
        decided=decision.level if decision else "",
        decided_reason=_compare_decided(day, proposal.level, decision),
    )


def _compare_published(day: date, level: str, published: PublishedLevel | None, newest: date | None) -> Reason:
    if published is None:
        if newest is None:
            return Reason("published.no_list", {"day": day.isoformat()})
        return Reason("published.not_named", {"published_on": newest.isoformat()})
    values = {"computed": level, "published": published.level, "published_on": published.published_on.isoformat()}
    if not level:
        return Reason("published.not_computed", values)
    difference = RANK[level] - RANK[published.level]
    code = "same" if difference == 0 else ("computed_higher" if difference > 0 else "computed_lower")
    return Reason(f"published.{code}", values)


def _compare_decided(day: date, level: str, decision: ZoneDecision | None) -> Reason:
    if decision is None:
        return Reason("decided.none")
    values = {
        "decided": decision.level,
        "computed": level,
        "from_on": decision.from_on.isoformat(),
        "to_on": decision.to_on.isoformat(),
    }
    if lapsed(decision, day):
        return Reason("decided.lapsed", values)
    return Reason("decided.same" if not level or decision.level == level else "decided.differs", values)
