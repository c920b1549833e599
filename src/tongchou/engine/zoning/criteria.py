"""Zone criteria as data: read, checked, and judged against facts with three-valued logic.

The form (``shared/domain-rules.md`` 13.1)::

    order  = ["low", "high", "medium"]               # evaluated in this order, the last one is the rest
    low    = {any = [{cum = {eq = 0}}, {new_14d = {eq = 0}}]}
    high   = {all = [{cum = {gt = 50}}, {clusters_14d = {ge = 1}}]}
    medium = {else = true}

A fact that is unknown makes a test unknown, never false: ``any`` and ``all`` follow Kleene's tables.
"""

from __future__ import annotations

import operator
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from tongchou.engine.zoning.facts import ZoneFacts, is_fact

LEVELS = ("low", "medium", "high")
OPERATORS: Mapping[str, Callable[[Any, Any], bool]] = {
    "eq": operator.eq,
    "ne": operator.ne,
    "gt": operator.gt,
    "ge": operator.ge,
    "lt": operator.lt,
    "le": operator.le,
}


class RuleError(ValueError):
    """A zone rule that cannot be judged as written. ``zh`` and ``en`` say which part and what to write."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


@dataclass(frozen=True)
class Comparison:
    """One comparison of one fact with one bound."""

    fact: str
    op: str
    bound: Any

    def judge(self, facts: ZoneFacts) -> bool | None:
        value = facts.value(self.fact)
        return None if value is None else bool(OPERATORS[self.op](value, self.bound))


@dataclass(frozen=True)
class Group:
    """``any`` or ``all`` of its parts; ``else`` is an ``all`` of nothing."""

    kind: str
    parts: tuple[Comparison | Group, ...]

    def judge(self, facts: ZoneFacts) -> bool | None:
        verdicts = [part.judge(facts) for part in self.parts]
        decisive = self.kind == "any"
        if decisive in verdicts:
            return decisive
        return None if None in verdicts else not decisive


@dataclass(frozen=True)
class ZoneRule:
    """One zone rule, ready to judge. ``order`` lists the levels as they are tried; the last is the rest."""

    rule_id: str
    version: str
    order: tuple[str, ...]
    criteria: Mapping[str, Group]
    unit: str = "county"

    def rank(self, level: str) -> int:
        return LEVELS.index(level)


def comparisons_of(part: Comparison | Group) -> Iterator[Comparison]:
    """Every comparison inside a criterion, in the order written."""
    if isinstance(part, Comparison):
        yield part
        return
    for one in part.parts:
        yield from comparisons_of(one)


def read_rule(rule_id: str, version: str, value: Mapping[str, Any]) -> ZoneRule:
    """A rule's value as a ZoneRule.

    Raises RuleError for a level without criteria, an unknown fact or operator, a missing or misplaced
    ``else``, a level twice in ``order``, and a test that no number can meet together with its neighbours.
    """
    order = value.get("order")
    if not isinstance(order, (list, tuple)) or not order:
        raise RuleError(f"规则 {rule_id} 缺少 order（级别判定顺序）", f"rule {rule_id} has no order of levels")
    for level in order:
        if level not in LEVELS:
            raise RuleError(
                f"规则 {rule_id} 的级别“{level}”无法识别，可用 {LEVELS}",
                f"rule {rule_id}: unknown level {level!r}; use {LEVELS}",
            )
    if len(set(order)) != len(order):
        raise RuleError(f"规则 {rule_id} 的 order 中有重复级别", f"rule {rule_id} names a level twice in its order")
    criteria = {}
    for position, level in enumerate(order):
        if level not in value:
            raise RuleError(
                f"规则 {rule_id} 未写出级别 {level} 的条件", f"rule {rule_id} states no criteria for level {level}"
            )
        group = read_criterion(value[level], f"{rule_id}.{level}")
        is_rest = not group.parts
        if is_rest != (position == len(order) - 1):
            raise RuleError(
                f"规则 {rule_id}：else 必须且只能写在 order 的最后一级（现为 {level}）",
                f"rule {rule_id}: else belongs to the last level of the order and to no other (found at {level})",
            )
        criteria[level] = group
    return ZoneRule(rule_id, version, tuple(order), criteria, str(value.get("unit", "county")))


def read_criterion(node: Any, where: str) -> Group:
    """One criterion; ``where`` names it in errors. Raises RuleError."""
    if not isinstance(node, Mapping) or not node:
        raise RuleError(f"{where} 应为一个条件表", f"{where} must be a table of criteria")
    if set(node) == {"else"}:
        if node["else"] is not True:
            raise RuleError(f"{where}.else 只能为 true", f"{where}.else can only be true")
        return Group("all", ())
    group = Group("all", tuple(part for key, body in node.items() for part in _parts(key, body, where)))
    _check_satisfiable(group, where)
    return group


def _parts(key: str, body: Any, where: str) -> list[Comparison | Group]:
    if key in ("any", "all"):
        if not isinstance(body, (list, tuple)) or not body:
            raise RuleError(f"{where}.{key} 应为非空列表", f"{where}.{key} must be a list with at least one entry")
        return [Group(key, tuple(_single(read_criterion(entry, f"{where}.{key}")) for entry in body))]
    if not is_fact(key):
        raise RuleError(f"{where} 中的“{key}”不是可用的事实名", f"{where}: {key!r} is no fact that can be counted")
    comparisons = body if isinstance(body, Mapping) else {"eq": body}
    unknown = set(comparisons) - set(OPERATORS)
    if unknown or not comparisons:
        raise RuleError(
            f"{where}.{key} 的比较符 {sorted(unknown)} 无法识别，可用 {sorted(OPERATORS)}",
            f"{where}.{key}: unknown comparison {sorted(unknown)}; use {sorted(OPERATORS)}",
        )
    return [Comparison(key, op, bound) for op, bound in comparisons.items()]


def _single(group: Group) -> Comparison | Group:
    return group.parts[0] if len(group.parts) == 1 else group


def _check_satisfiable(group: Group, where: str) -> None:
    """Refuse tests of one fact, all of which must hold, that no number meets (cum > 50 and cum < 10)."""
    if group.kind != "all":
        return
    by_fact: dict[str, list[Comparison]] = {}
    for part in _flat(group):
        if isinstance(part.bound, (int, float)) and not isinstance(part.bound, bool):
            by_fact.setdefault(part.fact, []).append(part)
    for fact, tests in by_fact.items():
        bounds = sorted({test.bound for test in tests})
        between = [(low + high) / 2 for low, high in zip(bounds, bounds[1:], strict=False)]
        candidates = [*bounds, *between, bounds[0] - 1, bounds[-1] + 1]
        if not any(all(OPERATORS[test.op](number, test.bound) for test in tests) for number in candidates):
            raise RuleError(
                f"{where} 自相矛盾：没有数值能同时满足对 {fact} 的各项条件",
                f"{where} contradicts itself: no number meets all its tests of {fact}",
            )


def _flat(group: Group) -> Iterator[Comparison]:
    for part in group.parts:
        if isinstance(part, Comparison):
            yield part
        elif part.kind == "all":
            yield from _flat(part)
