"""The words of every contact reason, in Chinese and English. A number in a text is always one of the reason's values."""

from __future__ import annotations

from tongchou.reason import Reason, say

WORDS = {
    "contact.generation_1": (
        "{contact} 与病例 {case} 接触 {meetings} 次，共 {overlap_s} 秒，在 {places} 处，首次 {first}，末次至 {last}，可信度 {certainty_percent}%",
        "{contact} met case {case}: meetings {meetings}, {overlap_s} s in all, places {places}, first at {first}, last until {last}, certainty {certainty_percent}%",
    ),
    "contact.generation_2": (
        "{contact} 与病例 {case} 的接触者接触 {meetings} 次，共 {overlap_s} 秒，在 {places} 处，首次 {first}，末次至 {last}，可信度 {certainty_percent}%",
        "{contact} met contacts of case {case}: meetings {meetings}, {overlap_s} s in all, places {places}, first at {first}, last until {last}, certainty {certainty_percent}%",
    ),
    "contact.is_case": ("{contact} 本人也是所查病例", "{contact} is one of the cases asked"),
    "contact.meeting": (
        "在场所 {place} 与 {met} 同处 {overlap_s} 秒（{start} 至 {end}）",
        "at place {place} with {met} for {overlap_s} s ({start} to {end})",
    ),
    "contact.meeting_weighted": (
        "在场所 {place} 与 {met} 同处 {overlap_s} 秒（{start} 至 {end}），每秒权重 {weight}",
        "at place {place} with {met} for {overlap_s} s ({start} to {end}), each second weighing {weight}",
    ),
    "contact.more_meetings": ("另有较短的接触 {more} 次", "and shorter meetings: {more}"),
    "window.onset": (
        "自发病日 {anchor_on} 前 {days_before} 天起",
        "from {days_before} days before onset on {anchor_on}",
    ),
    "window.sampling": (
        "无发病日，自采样日 {anchor_on} 前 {days_before} 天起",
        "no day of onset: from {days_before} days before sampling on {anchor_on}",
    ),
    "window.last_negative": (
        "经多次筛查发现，自最近一次阴性 {anchor_on} 起",
        "found by repeated screening: from the last negative test on {anchor_on}",
    ),
    "window.isolation": ("至隔离日 {ended_on}", "until isolation on {ended_on}"),
    "window.not_isolated": ("尚未隔离，至 {ended_on}", "not isolated yet: until {ended_on}"),
    "window.no_anchor": (
        "缺少起算日（发病日或采样日），无法确定时间窗",
        "neither onset nor sampling is known, so there is no window",
    ),
}


def words_of(reason: Reason, lang: str) -> str:
    """One reason in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang)
