"""``find_contacts`` and ``find_sources``: the questions, on an index or on plain arrays."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from tongchou.engine.contacts.answer import Within, answer_of
from tongchou.engine.contacts.asking import ask, window_of
from tongchou.engine.contacts.certainty import CertaintyRule, PlaceModifiers
from tongchou.engine.contacts.contacts import Contacts
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.generations import first_generation, nobody_left_out, second_generation, sources
from tongchou.engine.contacts.index import VisitIndex
from tongchou.engine.contacts.records import Exclusions, Visits, Window, whole_numbers


def find_contacts(
    visits: VisitIndex | Visits,
    cases: ArrayLike,
    *,
    window: Window | tuple[Any, Any],
    min_overlap_s: int = 60,
    generations: int = 1,
    modifiers: PlaceModifiers | None = None,
    exclusions: Exclusions | None = None,
    certainty: CertaintyRule | None = None,
    threads: int = 2,
) -> Contacts:
    """Everyone exposed to the cases, by the definition at the head of ``tongchou.engine.contacts``.

    Args:
        visits: an index (``build_index``, or ``tongchou.store.contact_index`` for files), or visits, for which one is
            built first.
        cases: the persons asked, shape (k,), whole numbers, each once.
        window: when each case counts, ``Window`` or (from, to), seconds; ``windows_of_rule`` makes them from a rule.
        min_overlap_s: the least seconds of a meeting; at 0 any second counts.
        generations: 1, or 2 for the contacts' contacts too.
        modifiers: what is known of places; it weighs the certainty and never changes who is on the list.
        exclusions: people, places and pairs that do not count.
        certainty: how weighted seconds become certainty.
        threads: how many threads may work; the answer does not depend on it.

    Returns:
        ``Contacts``: pairs in columns. Time grows with the visits of the cases and the number of their meetings.

    Raises:
        ContactError: a case is asked twice, windows do not fit, or an argument is out of range.
    """
    question = ask(visits, cases, window, min_overlap_s, modifiers, exclusions, certainty, threads)
    first = first_generation(question)
    if not _is_second_wanted(generations):
        return answer_of(question, [first], first)
    left_out = nobody_left_out(question)
    left_out[first.people] = True
    second = second_generation(question, first, left_out)
    if question.cases.size > 1:  # each as small as it can be while the others are looked for
        second = (one.gathered(question) for one in second)
    return answer_of(question, [first, *second], first)


def find_contacts_in_turn(
    visits: VisitIndex | Visits,
    cases: ArrayLike,
    *,
    window: Window | tuple[Any, Any],
    min_overlap_s: int = 60,
    generations: int = 1,
    modifiers: PlaceModifiers | None = None,
    exclusions: Exclusions | None = None,
    certainty: CertaintyRule | None = None,
    threads: int = 2,
    at_once: int = 64,
) -> Iterator[Contacts]:
    """What ``find_contacts`` answers, a part at a time, for answers that would not fit in memory as a whole.

    First the first generation, of ``at_once`` cases in each part, then the second, one case a part. The parts laid
    one after another are the whole answer.
    """
    question = ask(visits, cases, window, min_overlap_s, modifiers, exclusions, certainty, threads)
    second_wanted = _is_second_wanted(generations)
    left_out = nobody_left_out(question)
    parts = [question.part(slice(low, low + at_once)) for low in range(0, question.cases.size, at_once)]
    for part in parts:
        first = first_generation(part)
        left_out[first.people] = True
        yield answer_of(part, [first], first)
    for part in parts if second_wanted else []:
        first = first_generation(part)  # looked for again: kept for all cases it could outgrow memory
        for second in second_generation(part, first, left_out):
            yield answer_of(part, [second], first)


def _is_second_wanted(generations: int) -> bool:
    if generations not in (1, 2):
        raise ContactError("代数只能为 1 或 2", "generations are 1 or 2", code="generations")
    return generations == 2


def find_sources(
    visits: VisitIndex | Visits,
    cases: ArrayLike,
    *,
    window: Window | tuple[Any, Any],
    candidates: ArrayLike | None = None,
    candidate_window: Window | tuple[Any, Any] = (None, None),
    min_overlap_s: int = 60,
    modifiers: PlaceModifiers | None = None,
    exclusions: Exclusions | None = None,
    certainty: CertaintyRule | None = None,
) -> Contacts:
    """Who may have infected each case: the search backwards.

    The arguments and the answer are those of ``find_contacts``, but ``window`` is when the case can have been infected
    (as a rule from onset less the longest incubation to onset), and ``contact`` is a possible source.

    Args:
        candidates: look only at these people, say the other cases known; None looks at everyone met.
        candidate_window: when each candidate was infectious; a meeting counts for its part within both windows.
    """
    question = ask(visits, cases, window, min_overlap_s, modifiers, exclusions, certainty, 1)
    if candidates is None:
        met = first_generation(question)
        return answer_of(question, [met], met)
    people = whole_numbers(candidates, "candidates")
    since, until = window_of(candidate_window).of(people.size)
    if np.unique(people).size != people.size:
        raise ContactError("候选人重复", "a candidate is named twice", code="candidate_twice")
    within = Within(question.index, people, since, until)
    met = sources(question, within)
    return answer_of(question, [met], met, within)
