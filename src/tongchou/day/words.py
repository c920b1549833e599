"""The words of the day brief, in Chinese and English. A number in a line is always one of its values."""

from __future__ import annotations

from tongchou.reason import Reason, say
from tongchou.zones.words import LEVELS

HEADS = {
    "report": ("报：当日进来的数据", "Report: what came in during the day"),
    "assess": ("判：当日统计、分级建议、零新增、研判", "Assess: counts, zone proposals, days without a new case, outlook"),
    "plan": ("策：各级别建议的措施", "Plan: the measures that each level suggests"),
    "order": ("令：要求岗位办理的事项与时限", "Order: what posts must do, and clocks"),
    "supervise": ("督：提醒、上报、超时", "Supervise: reminders, escalation, lateness"),
}
TERMS = {
    **LEVELS,
    "suspected": ("疑似", "suspected"),
    "clinically_diagnosed": ("临床诊断", "clinically diagnosed"),
    "confirmed": ("确诊", "confirmed"),
    "asymptomatic": ("无症状感染", "asymptomatic"),
    "excluded": ("排除", "excluded"),
    "before": ("到期前提醒", "reminders before the limit"),
    "due": ("到期提醒", "reminders at the limit"),
    "after": ("超时催办", "reminders after the limit"),
    "ladder": ("上报上级", "escalations to the post above"),
}
_FIGURES = (
    "新增确诊 {new_confirmed} 例，累计确诊 {confirmed} 例，治愈出院 {recovered} 例（当日 {new_recovered} 例），"
    "死亡 {deaths} 例（当日 {new_deaths} 例），转出 {moved} 例，现住院 {active} 例；无症状感染 {asymptomatic} 例（当日新增"
    " {new_asymptomatic} 例），疑似 {suspected} 例",
    "{new_confirmed} new confirmed, {confirmed} confirmed in total, {recovered} recovered"
    " ({new_recovered} that day), {deaths} dead ({new_deaths} that day), {moved} moved away, {active} in hospital;"
    " {asymptomatic} asymptomatic ({new_asymptomatic} new), {suspected} suspected",
)
WORDS: dict[str, tuple[str, str]] = {
    "report.none": ("当日没有新进来的病例记录或导入", "no case step and no import came in during the day"),
    "report.case": ("当日登记{status} {count} 例", "{count} cases entered as {status}"),
    "report.import": (
        "导入 {file}（{ledger}）：共 {rows} 行 = 新建 {created} + 更新 {updated} + 未变 {unchanged} + 拒收 {rejected}",
        "import {file} ({ledger}): {rows} rows = {created} created + {updated} updated + {unchanged} unchanged"
        " + {rejected} rejected",
    ),
    "report.import_refused": ("导入 {file}（{ledger}）整份退回", "import {file} ({ledger}) was refused as a whole"),
    "assess.city": (f"截至 {{day}} 24 时：{_FIGURES[0]}", f"As of the close of {{day}}: {_FIGURES[1]}"),
    "assess.city_at": (
        f"截至 {{day}} {{at}}（当日未满 24 时）：{_FIGURES[0]}", f"As of {{at}} on {{day}}, a day still running: {_FIGURES[1]}"
    ),
    # in briefs of before the hour was kept
    "assess.city_running": (
        f"{{day}}（当日未满 24 时，至运行时为止）：{_FIGURES[0]}", f"{{day}}, still running, as it stood at the run: {_FIGURES[1]}"
    ),
    "assess.area": (
        "{area}：新增 {new} 例，累计 {confirmed} 例，现住院 {active} 例",
        "{area}: {new} new, {confirmed} in total, {active} in hospital",
    ),
    "assess.definition": (
        "病例定义当日由 {before} 变为 {after}，前后数字不可直接相比",
        "the case definition changed from {before} to {after} on this day: do not compare figures across it",
    ),
    "assess.zone": ("{area} 建议{level}（{rule}）：{zh}", "{area}: level {level} proposed ({rule}): {en}"),
    "assess.zone_days": (
        "{area} 建议{level}（{rule}），若无新增 {days} 天后可建议降为{next}：{zh}",
        "{area}: level {level} proposed ({rule}), {next} in {days} days without a new case: {en}",
    ),
    "assess.zone_none": ("{area} 未提建议：{zh}", "{area}: nothing proposed: {en}"),
    "assess.beside": ("  公布：{zh}；决定：{decided_zh}", "  published: {en}; decided: {decided_en}"),
    "assess.zero": (
        "{area} 连续 {days} 天无新增（最近一例 {last_case_on}）",
        "{area}: {days} days without a new case (the last on {last_case_on})",
    ),
    "assess.zero_never": (
        "{area} 本次疫情以来无确诊病例（{days} 天）",
        "{area}: no confirmed case since this outbreak began ({days} days)",
    ),
    "assess.zero_reached": (
        "{area} 连续 {days} 天无新增（最近一例 {last_case_on}），达到“{zh}”；可研究恢复：{opens_zh}",
        "{area}: {days} days without a new case (the last on {last_case_on}), reached: {en}; may be considered: {opens_en}",
    ),
    "assess.outlook": ("{area} 研判：{zh}", "{area}, outlook: {en}"),
    "plan.decided": (
        "{area}（已决定{level}）：{strategy_zh}；{zh}",
        "{area} (decided {level}): {strategy_en}; {en}",
    ),
    "plan.proposed": (
        "{area}（建议{level}，待决定）：{strategy_zh}；{zh}",
        "{area} (proposed {level}, not decided): {strategy_en}; {en}",
    ),
    "plan.no_measures": (
        "{area}（{level}）：规则库中没有该级别当日适用的措施",
        "{area} ({level}): the rulebook has no measures of this level in force on the day",
    ),
    "plan.no_basis": (
        "{area}：“{zh}”需响应级别 {needs}，现为 {stands}，已无依据，应停止",
        "{area}: '{en}' needs response level {needs}, now {stands}: it has lost its basis and should end",
    ),
    "order.task": ("{number} {zh} → {post}，时限 {due}", "{number} {en} → {post}, due {due}"),
    "order.nobody": (
        "{area} 的建议（{level}）没有可交办的指挥部岗位，请先设岗",
        "{area}: no command post to decide the proposal ({level}); set up the post first",
    ),
    "order.clocks": (
        "在计时限：正常 {ok}，临近 {near}，超时 {over}，未起算 {pending}，不明 {unknown}",
        "running clocks: {ok} in time, {near} near, {over} over, {pending} not started, {unknown} unknown",
    ),
    "supervise.step": ("{kind} {count} 次", "{count} {kind}"),
    "supervise.late": ("{post} 有 {tasks} 项超时未办结", "{post}: {tasks} tasks past their limit"),
    "supervise.none": ("当日没有到期提醒，没有超时", "no reminder was due and nothing is late"),
}


def speak(reason: Reason, lang: str) -> str:
    """One line in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang, TERMS)
