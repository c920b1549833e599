"""Who was exposed: from visits to pairs of case and contact, by one exact definition.

The definition, which the index, the Ibis expression and the brute-force oracle all follow:

1. A *visit* is (person, place, start, end), half-open [start, end), in whole seconds of one clock.
2. A *case* is a person with a *window* [from, to). Each case is asked once.
3. A *meeting* is a visit of the case and a visit of another person at the same place for which
   ``overlap = min(end, end', to) - max(start, start', from)`` is at least ``min_overlap_s`` and above 0. Each such
   pair of visits is one meeting, also where one person's visits overlap each other.
4. A *generation-1 contact* of a case is a person with at least one meeting with it. ``overlap_s`` is the sum of
   the overlaps, ``meetings`` their number, ``first`` the least max(start, start', from), ``last`` the greatest
   min(end, end', to), ``places`` the number of different places of meeting. Other cases are included, flagged
   ``is_case``; a case is never its own contact.
5. A *generation-2 contact* of a case is a person with a meeting (as in 3) with a generation-1 contact of that case,
   the generation-1 contact's window being [its ``first`` with that case, the case's ``to``). Everyone who is a case
   asked, or a generation-1 contact of any case asked, is dropped. Generation-1 contacts that are cases themselves
   are followed like the others. Sums, numbers and first and last run over all meetings of the pair (case,
   generation-2 contact), whichever generation-1 contact was met: there is one row a pair.
6. Exclusions: visits at excluded places do not exist for the search; excluded persons are no contact of either
   generation; meetings of an excluded pair, of either generation, do not count.
"""

from tongchou.engine.contacts.certainty import CertaintyRule, PlaceModifiers
from tongchou.engine.contacts.contacts import COLUMNS, Contacts, Meetings, Pair
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.index import VisitIndex, build_index
from tongchou.engine.contacts.records import Exclusions, Visits, Window
from tongchou.engine.contacts.search import find_contacts, find_contacts_in_turn, find_sources
from tongchou.engine.contacts.windows import (
    CaseDates,
    CaseWindow,
    WindowRule,
    infection_window,
    read_window_rule,
    window_of_rule,
)

__all__ = [
    "COLUMNS", "CaseDates", "CaseWindow", "CertaintyRule", "ContactError", "Contacts", "Exclusions", "Meetings", "Pair",
    "PlaceModifiers", "VisitIndex", "Visits", "Window", "WindowRule", "build_index", "find_contacts", "find_contacts_in_turn",
    "find_sources", "infection_window", "read_window_rule", "window_of_rule",
]  # fmt: skip
