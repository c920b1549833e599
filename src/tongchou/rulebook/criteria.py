"""The form of zoning criteria: which facts of an area, compared with which numbers, give a level.

A criterion is one of
``{fact: {comparison: number}}``, ``{fact: true|false}``, ``{any: [...]}``, ``{all: [...]}``, ``{else: true}``.
Levels are tried in the rule's ``order``; the first whose criterion holds is proposed. ``else`` always holds, so
it may stand only once and only last. The engine evaluates this form (``tongchou.engine.zoning``); this module
checks it, turns it into "any of (all of ...)" lines for the form, and back.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import product
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
        Fact("new_7d", "number", "7 天内新增确诊", "new confirmed cases in 7 days", "case"),
        Fact("new_5d", "number", "5 天内新增确诊", "new confirmed cases in 5 days", "case"),
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
COMPARISONS = {
    "eq": ("等于", "="),
    "gt": ("大于", ">"),
    "ge": ("不少于", "≥"),
    "lt": ("小于", "<"),
    "le": ("不超过", "≤"),
}
_JOINS = ("any", "all")
_MOST_LINES = 64


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
    elif key not in FACTS:
        known = ", ".join(FACTS)
        yield Fault(f"{path}.{key}", f"没有这个事实；可用：{known}。", f"no such fact; known are: {known}.")
    else:
        yield from _comparison_faults(FACTS[key], body, f"{path}.{key}")


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
        joined = [sum(choice, []) for choice in product(*(lines(part) or [] for part in body))]
        if len(joined) > _MOST_LINES:
            raise ValueError(f"the criterion opens into {len(joined)} lines")
        return joined
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
        return glue.join(wrapped)
    fact = FACTS[key]
    name = fact.zh if zh else fact.en
    if isinstance(body, bool):
        return name if body else (f"不{name}" if zh else f"no {name}")
    ((comparison, number),) = body.items()
    return f"{name}{COMPARISONS[comparison][0]} {number:g}" if zh else f"{name} {COMPARISONS[comparison][1]} {number:g}"
