"""What the rulebook answers: the winning row of an id, the rows it beat, and why, in Chinese and English."""

from __future__ import annotations

from collections.abc import Iterable
from copy import deepcopy
from dataclasses import dataclass
from datetime import date, datetime
from difflib import get_close_matches
from typing import TYPE_CHECKING, Any

from tongchou.rulebook.errors import NoRule
from tongchou.rulebook.rows import MARK_WORDS, NOT_FOUND, SCOPE_KEYS, Row, Scope

if TYPE_CHECKING:
    from tongchou.rulebook.reader import Book

_SCOPE_WORDS = {
    "disease": ("写明了病种", "it names the disease"),
    "firm_class": ("写明了企业类别", "it names the class of firm"),
    "sector": ("写明了行业", "it names the sector"),
    "group": ("写明了人群", "it names the group of people"),
}


@dataclass(frozen=True)
class Beaten:
    """A row that also claimed the day and lost, and by which step of the stated order."""

    row: Row
    zh: str
    en: str

    @property
    def version(self) -> str:
        return self.row.version


@dataclass(frozen=True)
class RuleAnswer:
    """The rule in force for one id. ``value`` is a copy: a dict, or None where the row is marked not found."""

    rule_id: str
    version: str
    value: dict[str, Any] | None
    row: Row
    beaten: tuple[Beaten, ...]
    day: date
    asked: Scope

    @property
    def mark(self) -> str:
        return self.row.mark

    @property
    def found(self) -> bool:
        """False where the rule is known to exist and its content was not found: the city must enter it."""
        return self.row.mark != NOT_FOUND

    @property
    def source(self) -> tuple[str, ...]:
        return self.row.source

    @property
    def source_text(self) -> str:
        return self.row.source_text

    @property
    def label_zh(self) -> str:
        return self.row.label_zh

    @property
    def label_en(self) -> str:
        return self.row.label_en

    def why(self, language: str) -> str:
        """One paragraph in "zh" or "en": which row, since when, how far to trust it, and what it beat."""
        row, zh = self.row, language == "zh"
        mark = MARK_WORDS[row.mark][0 if zh else 1]
        parts = [
            f"{self.day} 适用 {row.version}：{_scope_zh(row.scope)}，{_span_zh(row)}，{mark}。"
            if zh
            else f"On {self.day} {row.version} applies: {_scope_en(row.scope)}, {_span_en(row)}, {mark}."
        ]
        note = row.note_zh if zh else row.note_en
        if note:
            parts.append(note)
        parts.extend(beaten.zh if zh else beaten.en for beaten in self.beaten)
        return ("" if zh else " ").join(parts)


def beat(winner: Row, loser: Row) -> Beaten:
    """Name the first step of the stated order that parts two rows."""
    zh, en = _deciding_step(winner, loser)
    return Beaten(
        loser,
        f"{winner.version} 优先于 {loser.version}：{zh}。",
        f"{winner.version} goes before {loser.version}: {en}.",
    )


def _deciding_step(winner: Row, loser: Row) -> tuple[str, str]:
    if len(winner.scope.area) != len(loser.scope.area):
        return (
            f"地区更具体（{winner.scope.area} 对 {loser.scope.area or '全国'}）",
            f"its area is more specific ({winner.scope.area} against {loser.scope.area or 'the whole country'})",
        )
    for key in SCOPE_KEYS:
        if getattr(winner.scope, key) and not getattr(loser.scope, key):
            return _SCOPE_WORDS[key]
    if winner.own != loser.own:
        return "本市自行确定的规则优先于随系统提供的规则", "the city's own row goes before a shipped one"
    if winner.valid_from_on != loser.valid_from_on:
        return (
            f"生效日更晚（{winner.valid_from_on} 对 {loser.valid_from_on}）",
            f"it came into force later ({winner.valid_from_on} against {loser.valid_from_on})",
        )
    if winner.known_from_at != loser.known_from_at:
        return "获知时间更晚", "it became known later"
    return "版本名排序在后", "its version name sorts later"


class Rules:
    """The rulebook on one day, for one scope, with what was known at one time. Made by ``rulebook.at``."""

    def __init__(self, book: Book, day: date, asked: Scope, known_on: date | datetime | None) -> None:
        self.day = day
        self.asked = asked
        self.known_on = known_on
        self._book = book
        self._answers: dict[tuple[str, str], RuleAnswer | None] = {}

    def get(self, rule_id: str) -> RuleAnswer:
        """The answer for an id (or one of its other names). Raises ``NoRule``, which says what to enter."""
        alias = self._book.packs.aliases.get(rule_id)
        asked, name = self.asked, rule_id
        if alias is not None:
            name = alias.rule_id
            if not asked.area:
                asked = Scope(alias.area, *(getattr(asked, key) for key in SCOPE_KEYS))
        answer = self._answer(name, asked)
        if answer is None:
            raise self._no_rule(rule_id, name, asked)
        return answer

    def find(self, prefix: str) -> list[RuleAnswer]:
        """Every rule in force whose id begins with ``prefix``: the winner of each id, by id."""
        answers = (self._answer(name, self.asked) for name in self._book.ids() if name.startswith(prefix))
        return [answer for answer in answers if answer is not None]

    def _answer(self, rule_id: str, asked: Scope) -> RuleAnswer | None:
        memo = (rule_id, asked.area)
        if memo not in self._answers:
            self._answers[memo] = self._decide(rule_id, asked)
        return self._answers[memo]

    def _decide(self, rule_id: str, asked: Scope) -> RuleAnswer | None:
        claims = [
            row
            for row in self._book.rows_of(rule_id)
            if row.scope.covers(asked) and row.in_force(self.day) and row.known(self.known_on)
        ]
        if not claims:
            return None
        winner, *losers = sorted(claims, key=Row.order_key, reverse=True)
        return RuleAnswer(
            rule_id=rule_id,
            version=winner.version,
            value=deepcopy(winner.value),
            row=winner,
            beaten=tuple(beat(winner, loser) for loser in losers),
            day=self.day,
            asked=asked,
        )

    def _no_rule(self, asked_id: str, rule_id: str, asked: Scope) -> NoRule:
        ids = self._book.ids()
        if rule_id not in ids:
            near = near_ids(rule_id, [*ids, *self._book.packs.aliases])
            return NoRule(
                f"没有编号为“{asked_id}”的规则。"
                + (f"相近的有：{'、'.join(near)}。" if near else "用 tongchou rules list 查看全部。"),
                f"there is no rule “{asked_id}”. "
                + (f"Near it: {', '.join(near)}." if near else "See all: tongchou rules list."),
                rule_id=asked_id,
                near=near,
            )
        elsewhere = [row for row in self._book.rows_of(rule_id) if row.known(self.known_on)]
        place_zh, place_en = asked.area or "全国", asked.area or "the whole country"
        since = sorted(row.valid_from_on for row in elsewhere if row.scope.covers(asked))
        areas = sorted({row.scope.area for row in elsewhere if row.scope.area and not row.scope.covers(asked)})
        zh = en = ""
        if since:
            zh, en = (
                f"该地区最早一版自 {since[0]} 起生效。",
                f" The earliest version there is in force from {since[0]}.",
            )
        elif areas:
            zh, en = f"只有这些地区有：{'、'.join(areas)}。", f" Only these areas have one: {', '.join(areas)}."
        elif not elsewhere:
            zh, en = "当时尚不知道这条规则。", " It was not yet known then."
        return NoRule(
            f"{self.day} 在“{place_zh}”没有规则“{asked_id}”。{zh}请在“规则”页为该地区和日期提出一行并由第二人批准。",
            f"no rule “{asked_id}” on {self.day} for {place_en}.{en}"
            " Propose a row for that area and day on the Rules page, and have a second person approve it.",
            rule_id=asked_id,
        )


def near_ids(wrong: str, ids: Iterable[str]) -> tuple[str, ...]:
    """At most five ids like a mistyped one: by spelling, or holding the text."""
    names = sorted(set(ids))
    close = get_close_matches(wrong, names, n=5, cutoff=0.6)
    holding = [name for name in names if wrong and wrong in name and name not in close]
    return tuple((close + holding)[:5])


def _scope_zh(scope: Scope) -> str:
    named = [getattr(scope, key) for key in SCOPE_KEYS if getattr(scope, key)]
    return "，".join([f"地区 {scope.area}" if scope.area else "全国", *named])


def _scope_en(scope: Scope) -> str:
    named = [getattr(scope, key) for key in SCOPE_KEYS if getattr(scope, key)]
    return ", ".join([f"area {scope.area}" if scope.area else "the whole country", *named])


def _span_zh(row: Row) -> str:
    return f"{row.valid_from_on} 起" + (f"至 {row.valid_to_on}" if row.valid_to_on else "")


def _span_en(row: Row) -> str:
    return f"from {row.valid_from_on}" + (f" to {row.valid_to_on}" if row.valid_to_on else "")
