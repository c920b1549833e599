"""The one door to the rules: shipped packs and the city's own rows, joined, cached, and read for a day.

``rulebook.at(day, area=...)`` gives a ``Rules``; ask it for many ids. A change of the city's rows writes a
new stamp in the same transaction; each ``at`` reads that one text and builds the book anew where it changed.
A stamp, not a count: a count that was rolled back could come again and name another state.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable
from datetime import date, datetime
from typing import Any

from django.apps import apps

from tongchou import citytime
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook.answers import Rules
from tongchou.rulebook.packs import Packs
from tongchou.rulebook.rows import Row, Scope, area_path
from tongchou.rulebook.shapes import revive

COVID = "covid-19"


class Book:
    """All rows of one state of the rulebook, by id. Immutable."""

    def __init__(self, packs: Packs, own_rows: Iterable[Row] = ()) -> None:
        self.packs = packs
        by_id: dict[str, list[Row]] = {}
        for row in (*packs.rows, *own_rows):
            by_id.setdefault(row.rule_id, []).append(row)
        self._by_id = {name: tuple(by_id[name]) for name in sorted(by_id)}

    def ids(self) -> tuple[str, ...]:
        return tuple(self._by_id)

    def rows_of(self, rule_id: str) -> tuple[Row, ...]:
        return self._by_id.get(rule_id, ())

    def row_named(self, version: str) -> Row | None:
        """The row of a version name, for instance ``zone.sichuan.2020-02-13``."""
        return next((row for rows in self._by_id.values() for row in rows if row.version == version), None)

    def at(
        self,
        day: date,
        *,
        area: str = "",
        disease: str = COVID,
        known_on: date | datetime | None = None,
        group: str | None = None,
        sector: str | None = None,
        firm_class: str | None = None,
    ) -> Rules:
        """As ``rulebook.at``, on this state of the rulebook."""
        scope = Scope(area_path(area), disease or "", firm_class or "", sector or "", group or "")
        return Rules(self, day, scope, known_on)


def at(
    day: date,
    *,
    area: str = "",
    disease: str = COVID,
    known_on: date | datetime | None = None,
    group: str | None = None,
    sector: str | None = None,
    firm_class: str | None = None,
) -> Rules:
    """The rules in force on a day of the city.

    ``area`` is a path or a division code ("" asks for the whole country). ``known_on`` asks what was believed at
    the close of that day (or at that instant); None means what is believed now. A row that names a group, sector
    or class of firm answers only where that one is asked.

    Of the rows that claim the day the most specific wins, in this order: longest area; names the disease; names
    the firm class; the sector; the group; the city's own row before a shipped one; later first day in force; known
    later. Each answer lists the rows that it beat and why. Raises ``RuleError`` for an area that is no code.
    """
    return book().at(
        day, area=area, disease=disease, known_on=known_on, group=group, sector=sector, firm_class=firm_class
    )


_lock = threading.Lock()
_cached: tuple[str, Book] | None = None


def book() -> Book:
    """The present state of the rulebook. One small query; the rows are read again only after a change."""
    global _cached
    stamp = _stamp()
    cached = _cached
    if cached is not None and cached[0] == stamp:
        return cached[1]
    with _lock:
        fresh = Book(pack_files.shipped(), _own_rows())
        _cached = (stamp, fresh)
    return fresh


def _stamp() -> str:
    # The models are asked for by name: this module is imported with the app itself, before models may be.
    return apps.get_model("rulebook", "RulebookState").objects.values_list("stamp", flat=True).first() or ""


def _own_rows() -> list[Row]:
    packs = pack_files.shipped()
    return [as_row(stored, packs) for stored in apps.get_model("rulebook", "RuleRow").objects.order_by("id")]


def as_row(stored: Any, packs: Packs) -> Row:
    """A stored row of the city, or a proposal of one, as the reader's frozen row.

    Dates inside the value are revived by its shape. A proposal has no version yet and counts as known from now.
    """
    kind = packs.kinds.get(stored.rule_id)  # a later release may have dropped an id that the city still has rows of
    value = stored.value
    if value is not None and kind is not None:
        value = revive(packs.shapes[kind.shape].fields, value)
    return Row(
        rule_id=stored.rule_id,
        version=getattr(stored, "version", "") or stored.rule_id,
        scope=Scope(stored.area_path, stored.disease, stored.firm_class, stored.sector, stored.group),
        value=value,
        valid_from_on=stored.valid_from_on,
        valid_to_on=stored.valid_to_on,
        known_from_at=getattr(stored, "known_from_at", None) or citytime.now(),
        known_to_at=getattr(stored, "known_to_at", None),
        mark=stored.mark,
        source=tuple(stored.source),
        source_text=stored.source_text,
        label_zh=stored.label_zh or (kind.label_zh if kind else stored.rule_id),
        label_en=stored.label_en or (kind.label_en if kind else stored.rule_id),
        note_zh=stored.note_zh,
        note_en=stored.note_en,
        response_level=stored.response_level,
        own=True,
        row_id=str(stored.id),
    )
