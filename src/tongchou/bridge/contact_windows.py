"""When a case of the ledger counts for a contact search: the rulebook's window, in the seconds that visits count."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from tongchou import citytime, rulebook
from tongchou.engine.contacts import CaseDates, read_window_rule, window_of_rule
from tongchou.engine.contacts.words import words_of
from tongchou.outbreak.models import Case
from tongchou.reason import Reason

RULE = "contact.window"


@dataclass(frozen=True)
class SearchWindow:
    """The window of one case: seconds since 1970, half-open; both None where the case's dates allow none.

    ``rule_version`` names the row of the rulebook that gave the figures.
    """

    case_no: str
    since: int | None
    until: int | None
    why: tuple[Reason, ...]
    rule_version: str

    def reasons(self, lang: str) -> list[str]:
        return [words_of(reason, lang) for reason in self.why]


def search_windows(cases: Iterable[Case]) -> list[SearchWindow]:
    """The window of each case by the rule in force today where it counts. Raises NoRule where there is none."""
    return [_window(case) for case in cases]


def _window(case: Case) -> SearchWindow:
    answer = rulebook.at(citytime.today(), area=case.area_path, disease=case.outbreak.disease).get(RULE)
    dates = CaseDates(onset_on=case.onset_on, sampled_on=case.sampled_on, isolated_at=case.isolated_on)
    now = citytime.now().astimezone(citytime.zone()).replace(tzinfo=None)
    window = window_of_rule(read_window_rule(answer.value), dates, now)
    return SearchWindow(case.case_no, _seconds(window.since), _seconds(window.until), window.why, answer.version)


def _seconds(instant: datetime | None) -> int | None:
    return None if instant is None else int(instant.replace(tzinfo=citytime.zone()).timestamp())
