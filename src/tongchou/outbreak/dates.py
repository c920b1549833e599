"""The order in which a case's days can stand."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from tongchou.refusal import Refusal

# Chinese and English names of the days, as the forms show them.
NAMES = {
    "onset_on": ("发病日期", "onset"),
    "first_visit_on": ("首次就诊日期", "first visit"),
    "sampled_on": ("采样日期", "sampling"),
    "isolated_on": ("隔离日期", "isolation"),
    "suspected_on": ("疑似日期", "suspicion"),
    "clinical_on": ("临床诊断日期", "clinical diagnosis"),
    "asymptomatic_on": ("无症状报告日期", "asymptomatic report"),
    "confirmed_on": ("确诊日期", "confirmation"),
    "excluded_on": ("排除日期", "exclusion"),
    "recovered_on": ("治愈日期", "recovery"),
    "discharged_on": ("出院日期", "discharge"),
    "moved_on": ("转出日期", "transfer"),
    "died_on": ("死亡日期", "death"),
}
# (earlier, later): the later day cannot stand before the earlier one. A death may precede its
# confirmation (post-mortem sample) and an asymptomatic report may precede onset, so these pairs are absent.
ORDER = (
    ("onset_on", "confirmed_on"),
    ("onset_on", "clinical_on"),
    ("onset_on", "recovered_on"),
    ("onset_on", "discharged_on"),
    ("onset_on", "died_on"),
    ("sampled_on", "confirmed_on"),
    ("sampled_on", "asymptomatic_on"),
    ("suspected_on", "confirmed_on"),
    ("suspected_on", "excluded_on"),
    ("confirmed_on", "recovered_on"),
    ("confirmed_on", "discharged_on"),
    ("recovered_on", "discharged_on"),
    ("first_visit_on", "discharged_on"),
    ("isolated_on", "discharged_on"),
)


def order_problems(days: Mapping[str, date | None], *, begins_on: date, today: date) -> list[Refusal]:
    """Every day that lies before the outbreak or in the future, and every pair that stands in an impossible order."""
    problems = []
    for field, (zh, en) in NAMES.items():
        day = days.get(field)
        if day is None:
            continue
        if day > today:
            problems.append(
                Refusal(
                    f"{zh} {day} 在今天 {today} 之后，请核对",
                    f"The day of {en} {day} lies after today {today}; check it.",
                    code="future",
                    field=field,
                )
            )
        elif day < begins_on:
            problems.append(
                Refusal(
                    f"{zh} {day} 早于本次疫情起始日 {begins_on}，请核对",
                    f"The day of {en} {day} lies before the outbreak begins on {begins_on}; check it.",
                    code="before_outbreak",
                    field=field,
                )
            )
    for earlier, later in ORDER:
        first, second = days.get(earlier), days.get(later)
        if first and second and first > second:
            problems.append(_pair(earlier, later, first, second))
    return problems


def _pair(earlier: str, later: str, first: date, second: date) -> Refusal:
    (zh_a, en_a), (zh_b, en_b) = NAMES[earlier], NAMES[later]
    return Refusal(
        f"{zh_a} {first} 晚于{zh_b} {second}，请核对这两个日期",
        f"The day of {en_a} {first} lies after the day of {en_b} {second}; check both days.",
        code="order",
        field=earlier,
    )
