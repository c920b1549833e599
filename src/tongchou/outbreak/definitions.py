"""Judge a case by the definition in force on its day, from the items that were ticked, and say why.

An item that is absent was not asked; one that is False was asked and is not so. A definition is met, not met, or
cannot be judged (None) because what was not asked could still decide it. Nothing here is a threshold: items and
numbers come from the rulebook (``case.definition``, ``case.status.*``).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from tongchou import rulebook
from tongchou.outbreak.models import Case
from tongchou.outbreak.words import speak
from tongchou.reason import Reason
from tongchou.refusal import Refusal

DEFINITION_RULE = "case.definition"
CLINICAL_STATUS_RULE = "case.status.clinically_diagnosed"
_S = Case.Status


@dataclass(frozen=True)
class Finding:
    """Whether a status is borne out by the definition in force. ``met`` is None where it cannot be judged."""

    met: bool | None
    definition_id: str
    version: str
    reasons: tuple[Reason, ...]

    def text(self, lang: str) -> str:
        return ("；" if lang == "zh" else "; ").join(speak(reason, lang) for reason in self.reasons)


def counts_to(case: Case) -> str:
    """The area that a case counts to (rule ``case.counting_place``): residence, else place of onset; never the hospital's."""
    return case.residence_path or case.onset_path


def in_force(day: date, *, area_path: str, disease: str) -> rulebook.RuleAnswer | None:
    """The case definition of a day for an area; None where no row of the rulebook claims that day."""
    try:
        return rulebook.at(day, area=area_path, disease=disease).get(DEFINITION_RULE)
    except rulebook.NoRule:
        return None


def judge(
    status: str, criteria: Mapping[str, bool] | None, *, day: date, area_path: str, disease: str, before: str = ""
) -> Finding:
    """Judge ``status`` on ``day``. ``before`` is the status that the case leaves, "" when it is first reported.

    Raises Refusal for an item that the definition in force does not know.
    """
    answer = in_force(day, area_path=area_path, disease=disease)
    if answer is None:
        return Finding(None, "", "", (Reason("definition.none", {"day": day.isoformat()}),))
    value = answer.value or {}
    version = value.get("definition_version") or answer.version.rsplit(".", 1)[-1]

    def finding(met: bool | None, *reasons: Reason) -> Finding:
        return Finding(met, answer.version, version, reasons)

    if status == _S.CLINICAL and not _clinical_status_exists(day, area_path, disease):
        return finding(False, Reason("status.clinical_not_here", {"day": day.isoformat()}))
    if answer.value is None:
        return finding(None, Reason("definition.not_found", {"version": version}))
    if not criteria:
        return finding(None, Reason("definition.not_ticked", {"version": version}))
    _check_known(value, criteria)
    if status == _S.SUSPECTED:
        return finding(*_suspected(value, criteria, version))
    if status == _S.ASYMPTOMATIC:
        return finding(*_asymptomatic(value, criteria, version))
    if status == _S.CONFIRMED:
        return finding(*_confirmed(value, criteria, version, before))
    return finding(None, Reason("definition.no_items", {"version": version}))


@dataclass(frozen=True)
class _Tally:
    """How many items of a group were ticked, and how many were never asked."""

    ticked: int
    unasked: int

    def reaches(self, needed: int) -> bool | None:
        if self.ticked >= needed:
            return True
        return None if self.ticked + self.unasked >= needed else False


def _tally(rows: Sequence[Mapping[str, Any]], criteria: Mapping[str, bool]) -> _Tally:
    codes = [row["code"] for row in rows]
    return _Tally(sum(criteria.get(code) is True for code in codes), sum(criteria.get(code) is None for code in codes))


def _either(*verdicts: bool | None) -> bool | None:
    return True if True in verdicts else (None if None in verdicts else False)


def _both(*verdicts: bool | None) -> bool | None:
    return False if False in verdicts else (None if None in verdicts else True)


def _suspected(
    value: Mapping[str, Any], criteria: Mapping[str, bool], version: str
) -> tuple[bool | None, Reason] | tuple[bool | None, Reason, Reason]:
    needs = value["suspected"]
    epi, clinical = _tally(value["epidemiological"], criteria), _tally(value["clinical"], criteria)
    with_epi = _both(epi.reaches(needs["epidemiological_needed"]), clinical.reaches(needs["clinical_needed"]))
    alone_needed = needs.get("clinical_needed_alone")
    alone = clinical.reaches(alone_needed) if alone_needed else False
    values = {
        "version": version,
        "epi": epi.ticked,
        "clinical": clinical.ticked,
        "epi_needed": needs["epidemiological_needed"],
        "clinical_needed": needs["clinical_needed"],
    }
    met = _either(with_epi, alone)
    code = {True: "suspected.met", False: "suspected.not_met", None: "suspected.open"}[met]
    if alone_needed:
        return met, Reason(code, values), Reason("suspected.alone", {"alone_needed": alone_needed})
    return met, Reason(code, values)


def _confirmed(value: Mapping[str, Any], criteria: Mapping[str, bool], version: str, before: str) -> tuple[Any, ...]:
    proof = _tally(value["confirmed_by"], criteria).reaches(1)
    shown = [row for row in value["confirmed_by"] if criteria.get(row["code"]) is True]
    reasons = [
        Reason("confirmed.proof", {"version": version, "zh": row["text"]["zh"], "en": row["text"]["en"]})
        for row in shown
    ]
    if not shown:
        listed = value["confirmed_by"]
        reasons.append(
            Reason(
                "confirmed.no_proof",
                {
                    "version": version,
                    "zh": "、".join(row["text"]["zh"] for row in listed),
                    "en": ", ".join(row["text"]["en"] for row in listed),
                },
            )
        )
    if before == _S.ASYMPTOMATIC:
        signs = _tally([row for row in value["clinical"] if row["code"] in ("symptoms", "imaging")], criteria).reaches(
            1
        )
        reasons.append(Reason({True: "converted.met", False: "converted.not_met", None: "converted.open"}[signs]))
        return _both(proof, signs), *reasons
    suspected, *why = _suspected(value, criteria, version)
    # a result without any proof ticked is no confirmation, however much else was left unasked
    return _both(bool(shown), suspected), *reasons, *why


def _asymptomatic(value: Mapping[str, Any], criteria: Mapping[str, bool], version: str) -> tuple[bool | None, Reason]:
    positive = any(criteria.get(row["code"]) is True for row in value["confirmed_by"])
    signs = any(criteria.get(row["code"]) is True for row in value["clinical"])
    if signs:
        return False, Reason("asymptomatic.has_signs", {"version": version})
    if not positive:
        return False, Reason("asymptomatic.no_proof", {"version": version})
    return True, Reason("asymptomatic.met", {"version": version})


def _clinical_status_exists(day: date, area_path: str, disease: str) -> bool:
    try:
        return rulebook.at(day, area=area_path, disease=disease).get(CLINICAL_STATUS_RULE).found
    except rulebook.NoRule:
        return False


def items(day: date, *, area_path: str, disease: str) -> dict[str, list[dict[str, str]]]:
    """The items to tick by the definition of a day: group -> [{code, zh, en}]; empty where it was not found."""
    answer = in_force(day, area_path=area_path, disease=disease)
    value = (answer.value if answer else None) or {}
    groups = ("epidemiological", "clinical", "confirmed_by")
    return {group: [{"code": row["code"], **row["text"]} for row in value.get(group, ())] for group in groups}


def _check_known(value: Mapping[str, Any], criteria: Mapping[str, bool]) -> None:
    known = [row["code"] for group in ("epidemiological", "clinical", "confirmed_by") for row in value.get(group, ())]
    foreign = sorted(set(criteria) - set(known))
    if foreign:
        raise Refusal(
            f"病例定义中没有这些条目：{'、'.join(foreign)}；可用：{'、'.join(known)}",
            f"the case definition has no items {', '.join(foreign)}; it has {', '.join(known)}",
            code="unknown_item",
            field="criteria",
        )
