"""Release and exclusion by rule: what the rule in force asks, what was shown, what is still missing.

What was shown comes as plain values: ``negatives`` (instants of the negative samples in a row, ISO text or
datetimes), ``fever_free_days``, ``symptoms_improved``, ``imaging_improved``, ``antibody_negative_on`` (ISO day or
date), ``observation_days``.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import Any

from tongchou import citytime, rulebook
from tongchou.outbreak.definitions import Finding
from tongchou.outbreak.models import Case
from tongchou.reason import Reason
from tongchou.refusal import Refusal

PATIENT_RULE, SUSPECTED_RULE, ASYMPTOMATIC_RULE = "release.patient", "release.suspected", "release.asymptomatic"
FIELDS = (
    "negatives", "fever_free_days", "symptoms_improved", "imaging_improved", "antibody_negative_on", "observation_days",
)  # fmt: skip
_YES_NO = {
    "symptoms_improved": ("呼吸道症状明显好转", "respiratory symptoms improved"),
    "imaging_improved": ("影像学明显好转", "imaging improved"),
}


def judge_discharge(case: Case, shown: Mapping[str, Any], *, day: date) -> Finding:
    """Whether a patient, or an asymptomatic person, may be released on ``day``, and what is missing."""
    rule_id = ASYMPTOMATIC_RULE if case.status == Case.Status.ASYMPTOMATIC else PATIENT_RULE
    return _judge(rule_id, case, shown, day)


def judge_exclusion(case: Case, shown: Mapping[str, Any], *, day: date) -> Finding:
    """Whether a suspected case may be excluded on ``day``, and what is missing."""
    return _judge(SUSPECTED_RULE, case, shown, day)


def _judge(rule_id: str, case: Case, shown: Mapping[str, Any], day: date) -> Finding:
    foreign = sorted(set(shown) - set(FIELDS))
    if foreign:
        raise Refusal(
            f"出院或排除标准中没有这些项目：{'、'.join(foreign)}；可用：{'、'.join(FIELDS)}",
            f"a rule of release has no items {', '.join(foreign)}; it has {', '.join(FIELDS)}",
            code="unknown_item",
            field="criteria",
        )
    try:
        answer = rulebook.at(day, area=case.area_path, disease=case.outbreak.disease).get(rule_id)
    except rulebook.NoRule:
        return Finding(None, "", "", (Reason("release.none", {"day": day.isoformat()}),))
    if answer.value is None:
        return Finding(None, answer.version, answer.version, (Reason("release.none", {"day": day.isoformat()}),))
    lacks = tuple(_lacks(answer.value, case, shown))
    label = Reason("release.met", {"zh": answer.row.label_zh, "en": answer.row.label_en})
    return Finding(not lacks, answer.version, answer.version, lacks or (label,))


def _lacks(value: Mapping[str, Any], case: Case, shown: Mapping[str, Any]) -> list[Reason]:
    lacks = []
    samples = sorted(_instant(one) for one in shown.get("negatives", ()))
    in_row = _apart(samples, value["hours_between"])
    if in_row < value["negatives"]:
        values = {"needed": value["negatives"], "hours": value["hours_between"], "shown": in_row}
        lacks.append(Reason("release.negatives", values))
    fever_free = value.get("fever_free_days")
    if fever_free is not None and shown.get("fever_free_days", 0) <= fever_free:
        lacks.append(Reason("release.fever", {"needed": fever_free, "days": shown.get("fever_free_days", 0)}))
    for name, (zh, en) in _YES_NO.items():
        if value.get(name) and shown.get(name) is not True:
            lacks.append(Reason("release.lacks", {"zh": zh, "en": en}))
    observed = value.get("observation_days")
    if observed is not None and shown.get("observation_days", 0) < observed:
        lacks.append(Reason("release.observation", {"needed": observed, "days": shown.get("observation_days", 0)}))
    after_onset = value.get("antibody_negative_after_days")
    if after_onset is not None and not _antibody_shown(case, shown.get("antibody_negative_on"), after_onset):
        lacks.append(Reason("release.antibody", {"needed": after_onset}))
    return lacks


def _apart(samples: list[datetime], hours: int) -> int:
    """How many of the samples, taken from the first on, lie at least ``hours`` after the one counted before."""
    counted, last = 0, None
    for sample in samples:
        if last is None or sample - last >= timedelta(hours=hours):
            counted, last = counted + 1, sample
    return counted


def _antibody_shown(case: Case, negative_on: date | str | None, after_days: int) -> bool:
    if not negative_on or case.onset_on is None:
        return False
    try:
        day = negative_on if isinstance(negative_on, date) else date.fromisoformat(negative_on)
    except ValueError:
        raise _unreadable("antibody_negative_on", negative_on) from None
    return day >= case.onset_on + timedelta(days=after_days)


def _instant(value: datetime | str) -> datetime:
    if isinstance(value, datetime):
        return value
    try:
        instant = datetime.fromisoformat(value)
    except ValueError:
        raise _unreadable("negatives", value) from None
    return instant if instant.tzinfo else instant.replace(tzinfo=citytime.zone())


def _unreadable(field: str, value: object) -> Refusal:
    return Refusal(
        f"“{value}”不是日期或时间，请写成 2020-02-14 17:30",
        f"{value!r} is no day or time; write 2020-02-14 17:30",
        code="bad_instant",
        field=field,
    )
