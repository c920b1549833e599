"""The words of the reasons that seats and lists give, in Chinese and English."""

from __future__ import annotations

from tongchou.engine.contacts.words import WORDS as CONTACT_WORDS
from tongchou.reason import Reason, say

_SEAT_ZH, _SEAT_EN = "；同乘 {seconds} 秒（规则 {rule}，{version}）", "; {seconds} s aboard together (rule {rule}, {version})"
_SEAT = {
    "seat.rows": (
        "{contact} 在 {trip} 与病例 {case} 同排或前后 {rows} 排以内",
        "{contact} sat in the row of case {case} on {trip}, or within {rows} rows ahead or behind",
    ),
    "seat.car_or_compartment": (
        "{contact} 在 {trip} 与病例 {case} 同车厢（软卧为同包厢）",
        "{contact} was in the car of case {case} on {trip} (in a soft sleeper: in the compartment)",
    ),
    "seat.bay_and_adjacent": (
        "{contact} 在 {trip} 与病例 {case} 同格或相邻格",
        "{contact} sat in the bay of case {case} on {trip}, or one beside it",
    ),
    "seat.everyone": ("{contact} 与病例 {case} 同乘 {trip}", "{contact} was aboard {trip} with case {case}"),
    "seat.cabin": ("{contact} 在 {trip} 与病例 {case} 同舱", "{contact} shared the cabin of case {case} on {trip}"),
    "seat.crew": (
        "{contact} 与病例 {case} 在 {trip} 有乘务服务关系",
        "{contact} and case {case} were crew and passenger, or crew together, on {trip}",
    ),
    "seat.unplaced": (
        "{contact} 与病例 {case} 同乘 {trip}，座位或服务区域不明，须询问",
        "{contact} was aboard {trip} with case {case}; the seat or the area served is not known and must be asked",
    ),
    "seat.rest": (
        "{contact} 与病例 {case} 同乘 {trip}，不在规则的邻近范围内",
        "{contact} was aboard {trip} with case {case}, beyond the reach of the rule",
    ),
}
_HUB_TAIL = (
    "，{first} 至 {last}，按名单估计同处 {expected_s} 秒；仅凭名单可信度不超过 {at_most_percent}%",
    ", {first} to {last}: {expected_s} s together expected from the list, which alone gives {at_most_percent}% at most",
)
_HUB = {
    "hub.household": ("{contact} 与 {met} 同属住户 {hub}", "{contact} and {met} belong to household {hub}"),
    "hub.building": ("{contact} 与 {met} 同住楼栋 {hub}", "{contact} and {met} live in building {hub}"),
    "hub.workplace": ("{contact} 与 {met} 同属单位 {hub}", "{contact} and {met} belong to workplace {hub}"),
    "hub.vehicle": ("{contact} 与 {met} 同乘车辆 {hub}", "{contact} and {met} belong to vehicle {hub}"),
}
WORDS = {
    **CONTACT_WORDS,
    **{code: (zh + _SEAT_ZH, en + _SEAT_EN) for code, (zh, en) in _SEAT.items()},
    **{code: (zh + _HUB_TAIL[0], en + _HUB_TAIL[1]) for code, (zh, en) in _HUB.items()},
}


def words_of_exposure(reason: Reason, lang: str) -> str:
    """One reason of ``Merged.why`` in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang)
