"""The form of zoning criteria: which facts of an area, compared with which numbers, give a level.

A criterion is one of
``{fact: {comparison: number}}``, ``{fact: true|false}``, ``{any: [...]}``, ``{all: [...]}``, ``{else: true}``.
Levels are tried in the rule's ``order``; the first whose criterion holds is proposed. ``else`` always holds, so
it may stand only once and only last. The engine evaluates this form (``tongchou.engine.zoning``); this module
checks it, turns it into "any of (all of ...)" lines for the form, and back.
"""

from __future__ import annotations

import operator
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise, product
from math import prod
from typing import Any


@dataclass(frozen=True)
class Fault:
    """What is wrong with one key of a value."""

    key: str
    zh: str
    en: str


@dataclass(frozen=True)
class Fact:
    key: str
    kind: str
    zh: str
    en: str
    unit: str = ""


FACTS = {
    fact.key: fact
    for fact in (
        Fact("cum", "number", "累计确诊", "cumulative confirmed cases", "case"),
        Fact("new_14d", "number", "14 天内新增确诊", "new confirmed cases in 14 days", "case"),
        Fact("clusters_14d", "number", "14 天内聚集性疫情", "cluster epidemics in 14 days", "cluster"),
        Fact("weekly_per_100k", "number", "每 10 万人一周新增", "new cases a week per 100,000 people", "per_100k"),
        Fact("in_hospital", "number", "在院病例", "cases in hospital", "case"),
        Fact(
            "days_since_last_discharge_or_transfer",
            "number",
            "距最后一例出院或转出的天数",
            "days since the last discharge or transfer",
            "day",
        ),
        Fact("days_since_last_case", "number", "距最近一例新增的天数", "days since the last new case", "day"),
        Fact("sustained", "boolean", "存在持续传播", "sustained transmission"),
        Fact(
            "infected_lived_or_busy",
            "boolean",
            "感染者居住地或活动频繁且传播风险较高",
            "home or busy place of the infected",
        ),
        Fact(
            "infected_stayed",
            "boolean",
            "感染者停留一定时间且可能有传播风险",
            "a place where the infected stayed some time",
        ),
        Fact("spread_risk_nil", "boolean", "研判无社区传播风险", "spread risk judged nil"),
    )
}
_WINDOWED = re.compile(r"(new|clusters)_([1-9]\d{0,2})d")
_WINDOW_WORDS = {
    "new": ("{0} 天内新增确诊", "new confirmed cases in {0} days", "case"),
    "clusters": ("{0} 天内聚集性疫情", "cluster epidemics in {0} days", "cluster"),
}


def fact_named(key: str) -> Fact | None:
    """The fact of a name; ``new_<n>d`` and ``clusters_<n>d`` exist for every window of 1 to 999 days."""
    match = _WINDOWED.fullmatch(key)
    if match is None:
        return FACTS.get(key)
    zh, en, unit = _WINDOW_WORDS[match[1]]
    return Fact(key, "number", zh.format(match[2]), en.format(match[2]), unit)


COMPARISONS = {
    "eq": ("等于", "="),
    "ne": ("不等于", "≠"),
    "gt": ("大于", ">"),
    "ge": ("不少于", "≥"),
    "lt": ("小于", "<"),
    "le": ("不超过", "≤"),
}
_JOINS = ("any", "all")
_MOST_LINES = 64


class TooManyLines(ValueError):
    """A criterion whose any and all, multiplied out, would fill more lines than a person can read."""


def faults(criterion: Any, path: str) -> Iterator[Fault]:
    """Faults of one criterion; ``path`` names the key in the message."""
    if not isinstance(criterion, dict) or len(criterion) != 1:
        yield Fault(
            path,
            f"一个条件只能有一项（事实、any、all 或 else），现为 {criterion!r}。",
            f"a criterion has exactly one part (a fact, any, all or else), not {criterion!r}.",
        )
        return
    ((key, body),) = criterion.items()
    if key in _JOINS:
        if not isinstance(body, list) or not body:
            yield Fault(f"{path}.{key}", "须列出至少一个条件。", "must list at least one criterion.")
            return
        for number, part in enumerate(body, 1):
            if isinstance(part, dict) and "else" in part:
                yield Fault(
                    f"{path}.{key}[{number}]", "else 不能放在 any 或 all 里。", "else can't stand inside any or all."
                )
            else:
                yield from faults(part, f"{path}.{key}[{number}]")
    elif key == "else":
        if body is not True:
            yield Fault(f"{path}.else", "else 只能写 true。", "else can only be true.")
    elif (fact := fact_named(key)) is None:
        known = ", ".join([*FACTS, "new_<n>d", "clusters_<n>d"])
        yield Fault(f"{path}.{key}", f"没有这个事实；可用：{known}。", f"no such fact; known are: {known}.")
    else:
        yield from _comparison_faults(fact, body, f"{path}.{key}")


def _comparison_faults(fact: Fact, body: Any, path: str) -> Iterator[Fault]:
    if fact.kind == "boolean":
        if not isinstance(body, bool):
            yield Fault(path, "这一事实只能写 true 或 false。", "this fact is only true or false.")
        return
    if not isinstance(body, dict) or len(body) != 1 or next(iter(body)) not in COMPARISONS:
        known = ", ".join(COMPARISONS)
        yield Fault(
            path,
            f"须写成一个比较，如 {{gt = 50}}；可用：{known}。",
            f"must be one comparison such as {{gt = 50}}; known are: {known}.",
        )
        return
    number = next(iter(body.values()))
    if isinstance(number, bool) or not isinstance(number, int | float) or number < 0:
        yield Fault(
            path,
            f"比较值须为不小于 0 的数字，现为 {number!r}。",
            f"must compare with a number of at least 0, not {number!r}.",
        )


def level_faults(value: dict[str, Any], levels_from: str) -> Iterator[Fault]:
    """Contradictions between the order of levels and their criteria."""
    order = value.get(levels_from)
    if not isinstance(order, list) or not all(isinstance(name, str) for name in order):
        return
    for name in sorted({name for name in order if order.count(name) > 1}):
        yield Fault(levels_from, f"等级“{name}”排了两次。", f"level “{name}” is ordered twice.")
    for name in order:
        if name not in value:
            yield Fault(
                levels_from,
                f"排列了等级“{name}”，却没有它的条件；请补上条件或从排列中删去。",
                f"orders level “{name}” without criteria for it: give the criteria or take it out of the order.",
            )
    for earlier, later in pairwise([name for name in order if isinstance(value.get(name), dict)]):
        if value[earlier] == value[later]:
            yield Fault(
                later,
                f"与前一等级“{earlier}”的条件相同，永远轮不到“{later}”。",
                f"has the same criteria as “{earlier}” before it and can never be reached.",
            )
    for name in order:
        yield from _never_faults(value.get(name), name)
    others = [name for name in order if isinstance(value.get(name), dict) and "else" in value[name]]
    if len(others) > 1:
        yield Fault(
            ".".join((others[1], "else")),
            f"只能有一个等级写 else，现有：{'、'.join(others)}。",
            f"only one level may be else; now: {', '.join(others)}.",
        )
    elif others and others[0] != order[-1]:
        yield Fault(
            levels_from,
            f"等级“{others[0]}”写了 else，须排在最后，否则其后的等级永远用不上。",
            f"level “{others[0]}” is else and must come last, or the levels after it can never be reached.",
        )
    elif not others and order:
        yield Fault(
            levels_from,
            "没有等级写 else：不满足任何条件的地区将没有等级。",
            "no level is else: an area that meets no criterion would have no level.",
        )


def _never_faults(criterion: Any, path: str) -> Iterator[Fault]:
    """Conditions that must hold together and cannot: cum = 0 and cum > 50."""
    if any(True for _fault in faults(criterion, path)):
        return
    try:
        opened = lines(criterion) or []
    except TooManyLines:
        yield Fault(
            path,
            f"展开后超过 {_MOST_LINES} 条，无法核对；请简化。",
            f"opens into more than {_MOST_LINES} lines and can't be checked: make it simpler.",
        )
        return
    for line in opened:
        for fact in dict.fromkeys(condition[0] for condition in line):
            tests = [(comparison, operand) for name, comparison, operand in line if name == fact]
            if not _can_hold(tests):
                text_zh = " 且 ".join(words(_condition((fact, *test)), "zh") for test in tests)
                text_en = " and ".join(words(_condition((fact, *test)), "en") for test in tests)
                yield Fault(
                    path,
                    f"自相矛盾，不可能同时成立：{text_zh}。",
                    f"contradicts itself; these can't hold together: {text_en}.",
                )


def _can_hold(tests: list[tuple[str, Any]]) -> bool:
    """Whether one value can meet every test; a number is tried at, between and beyond the bounds."""
    if any(comparison == "is" for comparison, _ in tests):
        return len({operand for _, operand in tests}) == 1
    bounds = sorted({operand for _, operand in tests})
    between = [(low + high) / 2 for low, high in pairwise(bounds)]
    tried = [*bounds, *between, bounds[0] / 2, bounds[-1] + 1]
    return any(all(_HOLDS[comparison](number, operand) for comparison, operand in tests) for number in tried)


_HOLDS = {name: getattr(operator, name) for name in COMPARISONS}

#: One condition of a form line: fact key, comparison ("is" for a yes/no fact), number or truth.
Condition = tuple[str, str, Any]


def lines(criterion: dict[str, Any]) -> list[list[Condition]] | None:
    """The criterion as "any of these lines, all of a line's conditions"; None for ``else``."""
    ((key, body),) = criterion.items()
    if key == "else":
        return None
    if key == "any":
        return [line for part in body for line in lines(part) or []]
    if key == "all":
        parts = [lines(part) or [] for part in body]
        if prod(len(part) for part in parts) > _MOST_LINES:
            raise TooManyLines
        return [sum(choice, []) for choice in product(*parts)]
    if isinstance(body, bool):
        return [[(key, "is", body)]]
    ((comparison, number),) = body.items()
    return [[(key, comparison, number)]]


def of_lines(rows: list[list[Condition]]) -> dict[str, Any]:
    """The reverse of ``lines``; an empty list gives ``else``."""
    groups = [[_condition(condition) for condition in line] for line in rows if line]
    if not groups:
        return {"else": True}
    parts = [group[0] if len(group) == 1 else {"all": group} for group in groups]
    return parts[0] if len(parts) == 1 else {"any": parts}


def _condition(condition: Condition) -> dict[str, Any]:
    fact, comparison, operand = condition
    return {fact: operand} if comparison == "is" else {fact: {comparison: operand}}


def words(criterion: dict[str, Any], language: str) -> str:
    """A criterion as one sentence part, e.g. "累计确诊大于 50 且 14 天内聚集性疫情不少于 1"."""
    zh = language == "zh"
    ((key, body),) = criterion.items()
    if key == "else":
        return "其他情形" if zh else "everything else"
    if key in _JOINS:
        glue = {"any": (" 或 ", " or "), "all": (" 且 ", " and ")}[key][0 if zh else 1]
        parts = [words(part, language) for part in body]
        wrapped = [
            (f"（{text}）" if zh else f"({text})") if next(iter(part)) in _JOINS and len(body) > 1 else text
            for text, part in zip(parts, body, strict=True)
        ]
        joined = glue.join(wrapped)
        return joined.replace(" （", "（").replace("） ", "）") if zh else joined
    fact = fact_named(key)
    name = (fact.zh if zh else fact.en) if fact else key
    if isinstance(body, bool):
        return name if body else (f"不{name}" if zh else f"no {name}")
    ((comparison, number),) = body.items()
    return f"{name}{COMPARISONS[comparison][0]} {number:g}" if zh else f"{name} {COMPARISONS[comparison][1]} {number:g}"
