"""Where people meet: the layers that results and measures name, and the five slots that a person's day is made of."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city.kinds import CLOSED_KINDS, SCHOOL_KINDS, SiteKind
from tongchou.engine.epidemic.faults import EpidemicFault


class Layer(IntEnum):
    """Where an infection happened."""

    HOUSEHOLD = 0
    SCHOOL = 1
    TEAM = 2
    WORKPLACE = 3
    COMMUNITY = 4
    TRANSPORT = 5
    INSTITUTION = 6
    IMPORT = 7


LAYER_NAMES = {
    Layer.HOUSEHOLD: ("家庭", "household"), Layer.SCHOOL: ("学校", "school"), Layer.TEAM: ("班组", "team"),
    Layer.WORKPLACE: ("单位", "workplace"), Layer.COMMUNITY: ("社区", "community"), Layer.TRANSPORT: ("通勤", "transport"),
    Layer.INSTITUTION: ("机构", "institution"), Layer.IMPORT: ("输入", "import"),
}  # fmt: skip


def layer_words(counts: NDArray[Any]) -> dict[str, int]:
    """Counts by layer under their English names, those of no layer left out."""
    return {LAYER_NAMES[layer][1]: int(counts[layer]) for layer in Layer if counts[layer]}


class Slot(IntEnum):
    """A part of a person's day. Which layer the group and the site are of depends on what the site is."""

    HOME = 0
    GROUP = 1
    SITE = 2
    COMMUNITY = 3
    ROUTE = 4


SLOTS = len(Slot)
NO_SITE, SCHOOL, WORK, CLOSED = 0, 1, 2, 3
SITE_CLASSES = 4
SLOT_LAYER = np.array(
    [
        [Layer.HOUSEHOLD, Layer.HOUSEHOLD, Layer.HOUSEHOLD, Layer.COMMUNITY, Layer.TRANSPORT],
        [Layer.HOUSEHOLD, Layer.SCHOOL, Layer.SCHOOL, Layer.COMMUNITY, Layer.TRANSPORT],
        [Layer.HOUSEHOLD, Layer.TEAM, Layer.WORKPLACE, Layer.COMMUNITY, Layer.TRANSPORT],
        [Layer.HOUSEHOLD, Layer.INSTITUTION, Layer.INSTITUTION, Layer.COMMUNITY, Layer.TRANSPORT],
    ],
    dtype=np.uint8,
)
"""[class of site, slot] -> layer"""


def site_class(kinds: NDArray[Any]) -> NDArray[np.uint8]:
    """``SCHOOL``, ``WORK`` or ``CLOSED`` (institutions, hospitals among them) for kinds of sites."""
    table = np.full(256, WORK, np.uint8)
    table[list(SCHOOL_KINDS)] = SCHOOL
    table[[*CLOSED_KINDS, SiteKind.HOSPITAL]] = CLOSED
    return table[kinds]


@dataclass(frozen=True)
class Meeting:
    """How people meet in one layer.

    ``contacts`` persons met on a weekday (in the household: everybody, once a day each, so it is 1), ``closeness``
    the hazard of one such contact relative to a contact of closeness 1, ``weekend`` the share of contacts left on
    Saturday and Sunday.
    """

    contacts: float
    closeness: float = 1.0
    weekend: float = 1.0


@dataclass(frozen=True)
class Contacts:
    """How a city meets. ``group`` and ``site`` give (members of one's group, others at the site) by class of site."""

    household: Meeting
    school: tuple[Meeting, Meeting]
    work: tuple[Meeting, Meeting]
    institution: tuple[Meeting, Meeting]
    community: Meeting
    transport: Meeting
    own_neighbourhood: float = 0.7
    """share of community contacts with people of one's own neighbourhood"""
    own_county: float = 0.9
    """share of community contacts inside one's own county, its own neighbourhood included"""
    gathering_shares: tuple[tuple[int, float], ...] = ()
    """(size, share of community contacts that happen in gatherings of more than that size)"""
    meal_share: float = 0.0
    """share of contacts across a site that happen at meals"""

    def table(self) -> NDArray[np.float64]:
        """[class of site, slot, (contacts, hazard per contact, weekend share)]."""
        out = np.zeros((SITE_CLASSES, SLOTS, 3))
        for row, pair in ((SCHOOL, self.school), (WORK, self.work), (CLOSED, self.institution)):
            for slot, meeting in zip((Slot.GROUP, Slot.SITE), pair, strict=True):
                out[row, slot] = meeting.contacts, meeting.closeness, meeting.weekend
        for slot, meeting in ((Slot.HOME, self.household), (Slot.COMMUNITY, self.community), (Slot.ROUTE, self.transport)):
            out[:, slot] = meeting.contacts, meeting.closeness, meeting.weekend
        return out


def read_contacts(pack: Mapping[str, Any]) -> Contacts:
    """``Contacts`` from the mapping of a TOML pack. Raises EpidemicFault naming what is missing or out of range."""
    try:
        split = {
            name: (_meeting(pack[name]["group"], f"{name}.group"), _meeting(pack[name]["site"], f"{name}.site"))
            for name in ("school", "work", "institution")
        }
        community = dict(pack["community"])
        contacts = Contacts(
            household=_meeting(pack["household"], "household"),
            school=split["school"], work=split["work"], institution=split["institution"],
            community=_meeting(community, "community"),
            transport=_meeting(pack["transport"], "transport"),
            own_neighbourhood=float(community["own_neighbourhood"]),
            own_county=float(community["own_county"]),
            gathering_shares=tuple((int(size), float(share)) for size, share in community["gathering_shares"]),
            meal_share=float(pack["work"]["meal_share"]),
        )  # fmt: skip
    except KeyError as missing:
        raise EpidemicFault(f"接触参数缺少 {missing.args[0]}", f"the contact pack has no {missing.args[0]}") from None
    if not 0 <= contacts.own_neighbourhood <= contacts.own_county <= 1:
        raise EpidemicFault("own_neighbourhood 应不大于 own_county，且都在 0 到 1 之间", "own_neighbourhood must not exceed own_county, both from 0 to 1")
    return contacts


def _meeting(row: Mapping[str, Any], name: str) -> Meeting:
    meeting = Meeting(float(row["contacts"]), float(row["closeness"]), float(row["weekend"]))
    if meeting.contacts < 0 or meeting.closeness < 0 or not 0 <= meeting.weekend <= 1:
        raise EpidemicFault(f"{name}：接触数与强度不为负，weekend 在 0 到 1 之间", f"{name}: contacts and closeness are not negative, weekend is from 0 to 1")
    return meeting
