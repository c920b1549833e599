"""How a computed level stands to the published and the decided one, in Chinese and English."""

from __future__ import annotations

from tongchou.reason import Reason, say

LEVELS = {"low": ("低风险", "low"), "medium": ("中风险", "medium"), "high": ("高风险", "high"), "": ("未定", "none")}
WORDS: dict[str, tuple[str, str]] = {
    "published.no_list": (
        "未录入公布名单：{day} 及以前没有省级公布的名单，请录入或导入名单",
        "no published list entered on or before {day}: enter or import the province's list",
    ),
    "published.not_named": (
        "{published_on} 的公布名单未列出本地，请核对名单",
        "the list published on {published_on} does not name this area: check the list",
    ),
    "published.same": ("与公布级别一致（{published_on}）", "as published on {published_on}"),
    "published.computed_higher": (
        "计算为{computed}，高于公布的{published}（{published_on}）：名单公布后的病例可能尚未反映，请报省级研判",
        "computed {computed} stands above the published {published} ({published_on}):"
        " cases since the list may not be in it; report to the province",
    ),
    "published.computed_lower": (
        "计算为{computed}，低于公布的{published}（{published_on}）：以公布为准，可附依据申请调整",
        "computed {computed} stands below the published {published} ({published_on}):"
        " the published level holds; ask for a change with the evidence",
    ),
    "published.not_computed": (
        "公布为{published}（{published_on}），本系统未能计算",
        "published {published} ({published_on}); not computed here",
    ),
    "decided.none": ("尚无岗位作出决定", "no post has decided yet"),
    "decided.same": ("已决定为{decided}（{from_on} 至 {to_on}）", "decided {decided} ({from_on} to {to_on})"),
    "decided.differs": (
        "已决定为{decided}（{from_on} 至 {to_on}），与建议的{computed}不同，待岗位研判",
        "decided {decided} ({from_on} to {to_on}) differs from the proposed {computed}: a post must judge",
    ),
    "decided.lapsed": (
        "决定为{decided}，已于 {to_on} 到期；不会自动降级，请重新决定",
        "decided {decided}, which ended on {to_on}; nothing is lowered by itself: decide anew",
    ),
}


def speak(reason: Reason, lang: str) -> str:
    """One reason in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang, LEVELS)
