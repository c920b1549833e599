"""The history of one rule for one scope: which row held from when to when, as known at one time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, timedelta

from tongchou import rulebook
from tongchou.rulebook.reader import COVID
from tongchou.rulebook.rows import Row


@dataclass(frozen=True)
class Span:
    """Days on which one row won; ``to_on`` is its last day, None while it is open; ``row`` None where none held."""

    from_on: date
    to_on: date | None
    row: Row | None


def spans_of(
    rule_id: str, *, area: str = "", disease: str = COVID, known_on: date | datetime | None = None, **scope: str
) -> list[Span]:
    """Who won on which days, oldest first, over the days that any row claims. Days without a row are a span too."""
    book = rulebook.book()
    asked = book.at(date(2020, 1, 1), area=area, disease=disease, known_on=known_on, **scope).asked
    claims = [row for row in book.rows_of(rule_id) if row.scope.covers(asked) and row.known(known_on)]
    edges = {row.valid_from_on for row in claims}
    edges |= {row.valid_to_on + timedelta(days=1) for row in claims if row.valid_to_on is not None}
    days = sorted(edges)
    spans: list[Span] = []
    for position, day in enumerate(days):
        last = days[position + 1] - timedelta(days=1) if position + 1 < len(days) else None
        winner = max((row for row in claims if row.in_force(day)), key=Row.order_key, default=None)
        if spans and spans[-1].row is winner:
            spans[-1] = Span(spans[-1].from_on, last, winner)
        elif winner is not None or last is not None:
            spans.append(Span(day, last, winner))
    return spans


def every_row(rule_id: str) -> list[Row]:
    """All rows of an id, of every scope and also those no longer believed; the latest known first."""
    return sorted(
        rulebook.book().rows_of(rule_id), key=lambda row: (row.known_from_at, row.valid_from_on), reverse=True
    )
