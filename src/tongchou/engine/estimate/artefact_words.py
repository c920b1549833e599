"""The words of report artefacts, in Chinese and English. A number in a text is always one of the reason's values."""

from __future__ import annotations

from tongchou.engine.estimate.artefacts import KINDS
from tongchou.reason import Reason, say

TERMS: dict[str, tuple[str, str]] = {
    "negative_correction": ("负向订正", "negative correction"),
    "mistyped_total": ("累计数误录", "mistyped total"),
    "missing_report": ("缺报", "missing report"),
    "late_report": ("补报", "late report"),
    "batch_report": ("成批报告", "batch report"),
    "definition_change": ("诊断口径变化", "change of definition"),
}
WORDS: dict[str, tuple[str, str]] = {
    "artefact.negative_correction": (
        "{on} 累计数减少 {cases} 例，从此前各日由近及远扣回，最早扣至 {from}；无处可扣 {unplaced} 例",
        "the total fell by {cases} on {on}: taken off the days before, nearest first, back to {from}; {unplaced} found no day",
    ),
    "artefact.mistyped_total": (
        "{from} 的累计数下降、次日又恢复，应为误录：{days} 天合计 {cases} 例均摊",
        "the total of {from} fell and came back the next day, so it was mistyped: {cases} cases shared by the {days} days",
    ),
    "artefact.missing_report": (
        "{from} 起缺报，{on} 的报告含此前各日：{days} 天合计 {cases} 例均摊",
        "no report from {from}; that of {on} holds those days too: {cases} cases shared by {days} days",
    ),
    "artefact.late_report": (
        "{from} 起连日为 0 而 {on} 骤增，应为补报：{days} 天合计 {cases} 例均摊",
        "zeros from {from} and a jump on {on}, a late report: {cases} cases shared by {days} days",
    ),
    "artefact.batch_report": (
        "{on} 报告 {cases} 例，前后各日约 {expected} 例，应为成批报告（如一处集中筛查）：{excess} 例单列，不计入趋势",
        "{cases} cases on {on} where about {expected} are usual, a batch report (one place tested at once, for instance): "
        "{excess} are set aside and not counted into the trend",
    ),
    "artefact.definition_change": (
        "{on} 至 {until}（{days} 天）报告 {cases} 例，前后各日合计约 {expected} 例，应为诊断口径变化或积压上报："
        "{excess} 例单列，前后曲线不可直接相比",
        "{cases} cases from {on} to {until} ({days} days) where about {expected} are usual, a change of definition or a backlog: "
        "{excess} are set aside, and the curve before and after cannot be compared without a mark",
    ),
    "artefact.date_shift": (
        "自 {on} 起，数据行的日期含义改变：此前滞后 {before} 天（{share_before}% 吻合），此后滞后 {after} 天（{share_after}% 吻合）",
        "from {on} a row's date means another day: {before} days behind before ({share_before}% agree), {after} after "
        "({share_after}% agree)",
    ),
    "artefact.still_day": (
        "{on} 各地合计仅增 {cases} 例，前后约 {expected} 例且次日未补报：该行重复前一日，此后各行可能晚一天",
        "only {cases} cases over all areas on {on} where about {expected} are usual, and the next day does not make up for it: "
        "the row repeats the day before, and later rows may be a day late",
    ),
}  # fmt: skip


def speak(reason: Reason, lang: str) -> str:
    """One artefact's reason in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang)


def name_kind(kind: str, lang: str) -> str:
    """The name of a kind of artefact. Raises KeyError for a word that is none of ``KINDS``."""
    return TERMS[KINDS[KINDS.index(kind)]][0 if lang.startswith("zh") else 1]
