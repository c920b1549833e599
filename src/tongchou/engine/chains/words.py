"""The words of every outlook, in Chinese and English. A number in a text is always one of the reason's values."""

from __future__ import annotations

from tongchou.reason import Reason, say

WORDS: dict[str, tuple[str, str]] = {
    "outlook.no_rule": (
        "规则库中当日没有 {rule}，无法研判：请在规则库填写",
        "the rulebook has no {rule} for the day, so nothing was computed: enter it there",
    ),
    "outlook.no_case": ("本次疫情中没有病例", "no case in this outbreak"),
    "outlook.too_few": (
        "近 {days} 天 {cases} 例，不足 {fewest} 例：太少，不推算传播速度和走势，请看下列事实",
        "cases in the last {days} days: {cases}, fewer than {fewest}: too few to say how fast it spreads; see the facts below",
    ),
    "outlook.enough": (
        "近 {days} 天 {cases} 例，达到 {fewest} 例，可以推算传播速度",
        "cases in the last {days} days: {cases}, {fewest} or more: enough to say how fast it spreads",
    ),
    "outlook.reproduction_growing": (
        "每例平均传染 {mean} 人（95% 区间 {low}–{high}，窗口内 {cases} 例）：疫情在扩大",
        "each case infects {mean} others on average (95% interval {low}–{high}, {cases} cases in the window): it is growing",
    ),
    "outlook.reproduction_shrinking": (
        "每例平均传染 {mean} 人（95% 区间 {low}–{high}，窗口内 {cases} 例）：疫情在收缩",
        "each case infects {mean} others on average (95% interval {low}–{high}, {cases} cases in the window): it is shrinking",
    ),
    "outlook.reproduction_unclear": (
        "每例平均传染 {mean} 人（95% 区间 {low}–{high}，窗口内 {cases} 例）：是扩大还是收缩还不能断定",
        "each case infects {mean} others on average (95% interval {low}–{high}, {cases} cases in the window):"
        " whether it grows or shrinks can't be told yet",
    ),
    "outlook.doubling": (
        "按近 {over} 天，约 {days} 天翻一番（95% 区间 {low}–{high} 天）",
        "over the last {over} days cases double in about {days} days (95% interval {low}–{high})",
    ),
    "outlook.halving": (
        "按近 {over} 天，约 {days} 天减半（95% 区间 {low}–{high} 天）",
        "over the last {over} days cases halve in about {days} days (95% interval {low}–{high})",
    ),
    "outlook.forecast": (
        "预计一周后每日报告 {median} 例（90% 区间 {low}–{high}），两周后 {late} 例（{late_low}–{late_high}）",
        "reports expected a day in a week: {median} (90% interval {low}–{high}), in two weeks: {late} ({late_low}–{late_high})",
    ),
    "outlook.nowcast": (
        "近 {days} 天发病的已知 {known} 例，终将知道约 {median} 例（95% 区间 {low}–{high}）",
        "fallen ill in the last {days} days: {known} known so far, about {median} in the end (95% interval {low}–{high})",
    ),
    "outlook.last_case": ("距最近一例报告 {days} 天", "days since the last reported case: {days}"),
    "outlook.chains_open": (
        "传播链 {chains} 条，其中 {open} 条未断（最后一例发病不超过最长潜伏期 {incubation} 天）；"
        "最大一条 {largest} 例，最深第 {generation} 代",
        "chains: {chains}, of which {open} open (last onset within the longest incubation of {incubation} days);"
        " largest {largest} cases, deepest generation {generation}",
    ),
    "outlook.chains_closed": (
        "传播链 {chains} 条，最后一例发病都已超过最长潜伏期 {incubation} 天；最大一条 {largest} 例，最深第 {generation} 代",
        "chains: {chains}, the last onset of each further back than the longest incubation of {incubation} days;"
        " largest {largest} cases, deepest generation {generation}",
    ),
    "outlook.origin": (
        "输入 {imported} 例，本地感染 {local} 例，来源待查 {unknown} 例",
        "infected outside: {imported}, infected here: {local}, not yet known: {unknown}",
    ),
    "outlook.unlinked": (
        "本地感染 {local} 例中 {unlinked} 例找不到传染来源（{share}%，95% 区间 {low}%–{high}%）",
        "of {local} infected here, {unlinked} without a known source ({share}%, 95% interval {low}%–{high}%)",
    ),
    "outlook.imports": (
        "近 {days} 天输入 {imported} 例；最近一例输入病例在 {ago} 天前报告",
        "imported in the last {days} days: {imported}; the latest was reported {ago} days ago",
    ),
    "outlook.imports_never": ("没有输入病例", "no imported case"),
    "outlook.isolation": (
        "发病到隔离中位 {median} 天（中间一半 {q25}–{q75} 天；{known} 例有日期，{missing} 例缺）",
        "onset to isolation: median {median} days (middle half {q25}–{q75}; {known} cases with dates, {missing} without)",
    ),
    "outlook.isolation_unknown": (
        "{missing} 例都缺发病或隔离日期，发病到隔离的天数不详",
        "onset to isolation unknown: a date is missing for all {missing} cases",
    ),
    "outlook.over": (
        "本轮已结束（含未发现的病例）的可能性 {chance}%，达到 {threshold}%",
        "chance that this episode is over, undetected cases included: {chance}%, which reaches {threshold}%",
    ),
    "outlook.not_over": (
        "本轮已结束（含未发现的病例）的可能性 {chance}%；若一直没有新报告，{days} 天后达到 {threshold}%",
        "chance that this episode is over, undetected cases included: {chance}%;"
        " if no case is reported it reaches {threshold}% in {days} days",
    ),
    "outlook.not_over_within": (
        "本轮已结束（含未发现的病例）的可能性 {chance}%；{days} 天内即使没有新报告也达不到 {threshold}%",
        "chance that this episode is over, undetected cases included: {chance}%;"
        " even without a report it does not reach {threshold}% within {days} days",
    ),
    "outlook.quiet": (
        "今后 {days} 天内没有新报告的可能性 {chance}%（按近来的输入计）",
        "chance that no case is reported in the next {days} days: {chance}% (imports as of late)",
    ),
    "outlook.downgrade": (
        "按规则最早 {days} 天后可建议降级，其间没有新报告的可能性 {chance}%",
        "by the rule a lower level can be proposed in {days} days at the earliest;"
        " chance that no case is reported before: {chance}%",
    ),
}


def speak(reason: Reason, lang: str) -> str:
    """One reason of an outlook in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang)
