"""The words of every zoning reason, in Chinese and English. A number in a text is always one of the reason's values."""

from __future__ import annotations

from tongchou.reason import Reason, say

TERMS = {
    "low": ("低风险", "low"),
    "medium": ("中风险", "medium"),
    "high": ("高风险", "high"),
    "eq": ("等于", "equal to"),
    "ne": ("不等于", "other than"),
    "gt": ("大于", "above"),
    "ge": ("不少于", "at least"),
    "lt": ("小于", "below"),
    "le": ("不多于", "at most"),
}
_KNOWN = {
    "new_window": (
        "近 {days} 天新增 {value} 例（条件：{op} {bound}）",
        "{value} new in the last {days} days (criterion: {op} {bound})",
    ),
    "clusters_window": (
        "近 {days} 天聚集性疫情 {value} 起（条件：{op} {bound}）",
        "{value} cluster epidemics in the last {days} days (criterion: {op} {bound})",
    ),
    "cum": ("累计 {value} 例（条件：{op} {bound}）", "{value} cases in total (criterion: {op} {bound})"),
    "weekly_per_100k": (
        "近 {days} 天发病率每 {per} 人 {value} 例（条件：{op} {bound}）",
        "{value} cases per {per} people in the last {days} days (criterion: {op} {bound})",
    ),
    "in_hospital": ("在院 {value} 例（条件：{op} {bound}）", "{value} in hospital (criterion: {op} {bound})"),
    "days_since_last_case": (
        "距最近一例 {value} 天（条件：{op} {bound}）",
        "{value} days since the last case (criterion: {op} {bound})",
    ),
    "days_since_last_discharge_or_transfer": (
        "距最后一例出院或转出 {value} 天（条件：{op} {bound}）",
        "{value} days since the last discharge or transfer (criterion: {op} {bound})",
    ),
    "sustained": (
        "持续传播判断为 {value}（条件：{op} {bound}）",
        "sustained transmission judged {value} (criterion: {op} {bound})",
    ),
    "infected_lived_or_busy": (
        "感染者居住地或活动频繁地判断为 {value}（条件：{op} {bound}）",
        "home or busy place of the infected judged {value} (criterion: {op} {bound})",
    ),
    "infected_stayed": (
        "感染者停留一定时间判断为 {value}（条件：{op} {bound}）",
        "stay of the infected judged {value} (criterion: {op} {bound})",
    ),
    "spread_risk_nil": (
        "无社区传播风险判断为 {value}（条件：{op} {bound}）",
        "nil risk of spread judged {value} (criterion: {op} {bound})",
    ),
    "level": ("现行级别为{value}（条件：{op} {bound}）", "standing level {value} (criterion: {op} {bound})"),
    "population": ("人口 {value}（条件：{op} {bound}）", "population {value} (criterion: {op} {bound})"),
}
_UNKNOWN = {
    "new_window": (
        "近 {days} 天新增例数未知（条件：{op} {bound}）",
        "new cases of the last {days} days unknown (criterion: {op} {bound})",
    ),
    "clusters_window": (
        "近 {days} 天聚集性疫情起数未知（条件：{op} {bound}）",
        "cluster epidemics of the last {days} days unknown (criterion: {op} {bound})",
    ),
    "cum": ("累计例数未知（条件：{op} {bound}）", "total of cases unknown (criterion: {op} {bound})"),
    "weekly_per_100k": (
        "人口未知，近 {days} 天每 {per} 人发病率无法计算（条件：{op} {bound}）；请录入人口",
        "population unknown, so cases per {per} people in {days} days can't be computed (criterion: {op} {bound});"
        " enter the population",
    ),
    "in_hospital": ("在院例数未知（条件：{op} {bound}）", "number in hospital unknown (criterion: {op} {bound})"),
    "days_since_last_case": (
        "没有病例，无从计算距最近一例的天数（条件：{op} {bound}）",
        "no case yet to count days from (criterion: {op} {bound})",
    ),
    "days_since_last_discharge_or_transfer": (
        "没有出院或转出记录（条件：距最后一例{op} {bound} 天）",
        "no discharge or transfer recorded (criterion: days since the last one {op} {bound})",
    ),
    "sustained": (
        "是否持续传播尚无专家判断（条件：{op} {bound}）",
        "no expert has judged whether transmission is sustained (criterion: {op} {bound})",
    ),
    "infected_lived_or_busy": (
        "是否感染者居住地或活动频繁地尚无判断（条件：{op} {bound}）",
        "nobody has judged whether it is a home or busy place of the infected (criterion: {op} {bound})",
    ),
    "infected_stayed": (
        "感染者是否停留一定时间尚无判断（条件：{op} {bound}）",
        "nobody has judged whether the infected stayed some time (criterion: {op} {bound})",
    ),
    "spread_risk_nil": (
        "有无社区传播风险尚无研判（条件：{op} {bound}）",
        "nobody has judged whether the risk of spread is nil (criterion: {op} {bound})",
    ),
    "level": ("现行级别尚未决定（条件：{op} {bound}）", "no level stands decided (criterion: {op} {bound})"),
    "population": ("人口未知（条件：{op} {bound}）", "population unknown (criterion: {op} {bound})"),
}
WORDS: dict[str, tuple[str, str]] = {
    "level.met": ("符合{level}条件", "the criteria of level {level} hold"),
    "level.rest": ("不符合其他各级条件，列为{level}", "no other level's criteria hold, so level {level}"),
    "level.not_met": ("不符合{level}条件", "the criteria of level {level} do not hold"),
    "level.unknown": ("{level}条件无法判定，未采用", "the criteria of level {level} can't be judged and are not taken"),
    "downgrade.lowest": ("已是最低级别：{level}", "already the lowest level: {level}"),
    "downgrade.in_days": (
        "若不再新增病例且现住院病人不变，{days} 天后可建议降为{next}",
        "if no case is added and present inpatients stay, level {next} can be proposed in {days} days",
    ),
    "downgrade.not_by_waiting": (
        "仅靠等待不会降级（假定现住院病人不变），尚缺下列条件",
        "waiting alone will not lower it (present inpatients assumed to stay); still missing",
    ),
    "move.taken": ("现为{level}，符合转为{next}的条件", "now {level}: the criterion for {next} holds"),
    "move.stays": (
        "现为{level}，不符合转换条件，保持不变",
        "now {level}: no criterion for another level holds, so it stays",
    ),
    "rule.none": ("{day} 没有适用的分级规则，不提建议", "no zoning rule is in force on {day}: nothing is proposed"),
    "rule.not_found": (
        "{version} 的判定条件未找到，不提建议；请在规则库中填写",
        "the criteria of {version} were not found: nothing is proposed; enter them in the rulebook",
    ),
    "unit.urban_max": (
        "市辖区合为一个单元，取其中最高的{area}：{level}",
        "the urban districts are one unit and take the highest among them, {area}: {level}",
    ),
    **{f"fact.{name}": words for name, words in _KNOWN.items()},
    **{f"fact.{name}.unknown": words for name, words in _UNKNOWN.items()},
}
_JUDGED = {True: ("是", "yes"), False: ("否", "no")}


def speak(reason: Reason, lang: str) -> str:
    """One zoning reason in ``"zh"`` or ``"en"``."""
    side = 0 if lang.startswith("zh") else 1
    values = {key: _JUDGED[value][side] if isinstance(value, bool) else value for key, value in reason.values.items()}
    return say(Reason(reason.code, values), WORDS, lang, TERMS)
