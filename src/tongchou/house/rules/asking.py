"""What a reader asks the rulebook on a page: day, known-on day, area, scope; read from the address, kept in links."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from urllib.parse import urlencode

from django.http import HttpRequest
from django.utils.translation import get_language

from tongchou import areas, citytime, rulebook
from tongchou.access.actor import Actor
from tongchou.refusal import Refusal
from tongchou.rulebook.reader import COVID
from tongchou.rulebook.rows import area_path

SCOPE_WORDS = ("group", "sector", "firm_class")


@dataclass(frozen=True)
class Asking:
    """One question to the rulebook. ``problems`` are sentences about what could not be read; defaults stand in."""

    day: date
    area: str
    disease: str
    known_on: date | None
    group: str = ""
    sector: str = ""
    firm_class: str = ""
    problems: tuple[str, ...] = ()

    def rules(self) -> rulebook.Rules:
        return rulebook.at(
            self.day,
            area=self.area,
            disease=self.disease,
            known_on=self.known_on,
            group=self.group,
            sector=self.sector,
            firm_class=self.firm_class,
        )

    @property
    def query(self) -> str:
        """The same question as the query part of a link."""
        asked = {"on": self.day.isoformat(), "area": self.area, "disease": self.disease}
        if self.known_on:
            asked["known_on"] = self.known_on.isoformat()
        asked |= {key: getattr(self, key) for key in SCOPE_WORDS if getattr(self, key)}
        return urlencode(asked)

    @property
    def area_name(self) -> str:
        return name_of(self.area, self.day)


def language() -> str:
    """ "zh" or "en": the reader's language, for words that the rulebook carries itself."""
    return "zh" if (get_language() or "zh").startswith("zh") else "en"


def name_of(path: str, day: date) -> str:
    """A division's full name, or its path where the house does not know it; empty for the whole country."""
    return (areas.full_name(path, day) or path) if path else ""


def of_request(request: HttpRequest, actor: Actor) -> Asking:
    """Read the question; without one: today, the post's own area, what is known now."""
    problems: list[str] = []
    day = _day(request.GET.get("on", ""), problems) or citytime.today()
    known_on = _day(request.GET.get("known_on", ""), problems)
    text = request.GET.get("area")
    try:
        area = area_path(text) if text is not None else actor.area_path
    except Refusal as refusal:
        problems.append(refusal.text)
        area = actor.area_path
    words = {key: request.GET.get(key, "").strip() for key in SCOPE_WORDS}
    return Asking(day, area, request.GET.get("disease", COVID).strip(), known_on, **words, problems=tuple(problems))


def _day(text: str, problems: list[str]) -> date | None:
    if not text.strip():
        return None
    try:
        return date.fromisoformat(text.strip())
    except ValueError:
        refusal = Refusal(
            f"“{text}”不是日历上的日期，请写成 2020-02-14。", f"“{text}” is no day on the calendar; write 2020-02-14."
        )
        problems.append(refusal.text)
        return None


def area_choices(actor: Actor, day: date) -> list[tuple[str, str]]:
    """(path, full name) for the picker: the country, the post's city with what lies above it, its counties."""
    city = actor.area_path[:4]
    found = [(path, areas.full_name(path, day)) for path in (city[:2], city) if path]
    found += [(row.path, areas.full_name(row.path, day)) for row in areas.below(city, day, "county")] if city else []
    return [(path, name or path) for path, name in found]
