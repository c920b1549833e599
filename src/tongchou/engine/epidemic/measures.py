"""What a city can order: each measure says where, when and for whom it holds, and what it does there.

Measures on contacts multiply where several hold at once; of two people who meet under different orders the stricter
decides. Everything here is a plain value; ``ordinance`` puts it in force.
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from tongchou.engine.city import SiteKind
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import Contacts, Layer

OUTSIDE_HOME = tuple(layer for layer in Layer if layer not in (Layer.HOUSEHOLD, Layer.IMPORT))
SITE_LAYERS = (Layer.SCHOOL, Layer.TEAM, Layer.WORKPLACE, Layer.INSTITUTION)
LAST_AGE = 127


@dataclass(frozen=True)
class Where:
    """Days, areas and people of a measure; what is left empty selects everything.

    ``from_day`` to ``to_day`` are both counted. Areas are counties (codes) and neighbourhoods (numbers), and with
    ``level`` only those of them that a zone rule holds at that level on the day. For schools, teams, workplaces and
    institutions the area is that of the site, and sectors and site kinds select sites; elsewhere it is the home.
    """

    from_day: int = 0
    to_day: int | None = None
    counties: tuple[str, ...] = ()
    neighbourhoods: tuple[int, ...] = ()
    layers: tuple[Layer, ...] = ()
    sectors: tuple[int, ...] = ()
    site_kinds: tuple[SiteKind, ...] = ()
    first_age: int = 0
    last_age: int = LAST_AGE
    level: str = ""

    def __post_init__(self) -> None:
        if self.to_day is not None and self.to_day < self.from_day:
            raise EpidemicFault("to_day 不应早于 from_day", "to_day must not be before from_day")
        if not 0 <= self.first_age <= self.last_age <= LAST_AGE:
            raise EpidemicFault("年龄范围不正确", "the range of ages is not one")

    @property
    def everybody(self) -> bool:
        """Whether all areas and ages are meant."""
        return not (self.counties or self.neighbourhoods or self.level or self.first_age) and self.last_age == LAST_AGE

    def on(self, day: int) -> bool:
        return self.from_day <= day and (self.to_day is None or day <= self.to_day)


@dataclass(frozen=True)
class Restriction:
    """Factors on contacts and on transmission. ``open_share`` is who still attends (for workdays lost)."""

    where: Where
    kind: str
    contacts: float = 1.0
    outward: float = 1.0
    inward: float = 1.0
    open_share: float = 1.0
    shifts: int = 1


@dataclass(frozen=True)
class Gate:
    """Contacts between people of different neighbourhoods, or with ``between_counties`` of different counties, that remain."""

    where: Where
    contacts: float
    between_counties: bool = False


@dataclass(frozen=True)
class SymptomaticTesting:
    """Of those with symptoms a ``share`` is sampled, ``delay`` days after onset."""

    where: Where
    share: float
    delay: tuple[float, ...]
    """relative frequency of 0, 1, 2, ... days from onset to the sample"""
    result_days: int
    isolate_while_waiting: bool = False
    other_illness_per_100k: float = 0.0
    """people a day who are tested for like symptoms of another cause; they take tests and nothing else"""


@dataclass(frozen=True)
class ContactTesting:
    """Contacts found by tracing are sampled when they are found, and again after ``again_days`` (0: once)."""

    where: Where
    share: float
    result_days: int
    again_days: int = 0


@dataclass(frozen=True)
class TestRounds:
    """Everybody of an area and age is asked to a test every ``every_days`` days; a ``share`` comes."""

    where: Where
    share: float
    every_days: int
    result_days: int


@dataclass(frozen=True)
class EntryTesting:
    """A ``share`` of imported infections is sampled on arrival; ``quarantine_days`` for everybody who enters."""

    where: Where
    share: float
    result_days: int
    quarantine_days: int = 0


@dataclass(frozen=True)
class TestCapacity:
    """Samples a day in the whole city. What does not fit waits until the next day; results before rounds."""

    where: Where
    per_day: int


@dataclass(frozen=True)
class Tracing:
    """Contacts of reported cases are found: those met from ``look_back_days`` before onset (or sample) until isolation.

    ``found`` is the probability, ``delay_days`` the days from the report until the contact is reached, both by layer;
    layers left out are not traced. ``backward`` is the probability, times the layer's ``found``, that the infector is
    found as well, whose own contacts of the last ``backward_days`` days are then traced.
    """

    where: Where
    found: tuple[tuple[Layer, float], ...]
    delay_days: tuple[tuple[Layer, int], ...]
    look_back_days: int = 2
    backward: float = 0.0
    backward_days: int = 7
    cases_per_day: int | None = None


@dataclass(frozen=True)
class Isolation:
    """Reported cases stay away for ``days`` days from their sample: a share of ``compliance`` of them.

    ``places`` beds of isolation sites are filled first, the rest stay at home, where ``home_contacts`` of the contacts
    with their household remain.
    """

    where: Where
    days: int
    compliance: float = 1.0
    places: int = 0
    home_contacts: float = 1.0


@dataclass(frozen=True)
class Quarantine:
    """Contacts found by tracing stay away until ``days`` days after the contact; with ``household`` so does everybody
    who lives with a reported case, from the report on."""

    where: Where
    days: int
    compliance: float = 1.0
    places: int = 0
    home_contacts: float = 1.0
    household: bool = False


@dataclass(frozen=True)
class ZoneLevel:
    """An area is at this level while ``cases`` or more were reported in it within ``within_days`` days."""

    name: str
    cases: int
    within_days: int


@dataclass(frozen=True)
class ZoneRule:
    """Levels of neighbourhoods or counties, raised at once by what has been reported, lowered by one step at a time
    after ``clear_days`` days on which nothing above the lower level's criterion was seen. ``levels`` rise."""

    where: Where
    unit: str
    levels: tuple[ZoneLevel, ...]
    clear_days: int


@dataclass(frozen=True)
class Vaccination:
    """First doses from ``where.from_day`` (may be before day 0) at ``first_doses_per_day``, age groups in the order of
    ``order``, until ``coverage`` of each has had one; later doses follow at the disease pack's interval, up to ``doses``."""

    where: Where
    first_doses_per_day: float
    coverage: float
    order: tuple[tuple[int, int], ...] = ((0, LAST_AGE),)
    doses: int = 2


Measure = (
    Restriction | Gate | SymptomaticTesting | ContactTesting | TestRounds | EntryTesting | TestCapacity | Tracing
    | Isolation | Quarantine | ZoneRule | Vaccination
)  # fmt: skip


def _share(value: float, name: str) -> float:
    if not 0.0 <= value <= 1.0:
        raise EpidemicFault(f"{name} 应在 0 到 1 之间", f"{name} must be from 0 to 1")
    return value


def _outside(where: Where) -> Where:
    """Layers outside the home where none are named; only those of sites where sectors or kinds of sites are."""
    by_site = bool(where.sectors or where.site_kinds)
    if not where.layers:
        return replace(where, layers=SITE_LAYERS if by_site else OUTSIDE_HOME)
    if by_site and not set(where.layers) <= set(SITE_LAYERS):
        raise EpidemicFault(
            "按行业或场所类别选择时，layers 只能是 school、team、workplace、institution",
            "sectors and site kinds select sites: layers can only be school, team, workplace and institution",
        )
    return where


def closure(where: Where, *, compliance: float = 1.0) -> Restriction:
    """Contacts end, for the share that complies."""
    left = 1.0 - _share(compliance, "compliance")
    return Restriction(_outside(where), "closure", contacts=left, open_share=left)


def reduced_opening(where: Where, *, open_share: float) -> Restriction:
    """A random share attends each day; two people meet when both do, so contacts fall with its square."""
    return Restriction(_outside(where), "reduced_opening", contacts=_share(open_share, "open_share") ** 2, open_share=open_share)


def shifts(where: Where, *, shifts: int) -> Restriction:
    """Teams or classes are split into shifts that never meet; who works together keeps doing so."""
    if not 2 <= shifts <= 20:
        raise EpidemicFault("班次应为 2 到 20", "shifts must be from 2 to 20")
    return Restriction(replace(where, layers=where.layers or SITE_LAYERS), "shifts", shifts=shifts)


def staggered_meals(where: Where, contacts: Contacts, *, sittings: int) -> Restriction:
    """Meal contacts across a site are split into sittings."""
    if sittings < 2:
        raise EpidemicFault("分批就餐至少两批", "staggered meals need two sittings or more")
    layers = where.layers or (Layer.WORKPLACE, Layer.SCHOOL)
    left = 1.0 - contacts.meal_share * (1.0 - 1.0 / sittings)
    return Restriction(replace(where, layers=layers), "staggered_meals", contacts=left)


def masks(where: Where, *, wearing: float, outward: float, inward: float) -> Restriction:
    """``outward`` and ``inward`` are the efficacies of a mask for others and for its wearer."""
    _share(wearing, "wearing")
    return Restriction(
        _outside(where), "masks", outward=1.0 - wearing * _share(outward, "outward"), inward=1.0 - wearing * _share(inward, "inward")
    )


def distancing(where: Where, *, contacts: float) -> Restriction:
    """A share of contacts remains."""
    return Restriction(_outside(where), "distancing", contacts=_share(contacts, "contacts"))


def gathering_ban(where: Where, contacts: Contacts, *, largest: int, compliance: float = 1.0) -> Restriction:
    """Gatherings of more than ``largest`` are forbidden; community contacts in them end for those who comply."""
    above = dict(contacts.gathering_shares)
    if largest not in above:
        known = ", ".join(str(size) for size in above) or "-"
        raise EpidemicFault(f"接触参数给出的聚集人数上限为 {known}", f"the contact pack knows gatherings of more than {known}; largest must be one of these")
    left = 1.0 - above[largest] * _share(compliance, "compliance")
    return Restriction(replace(where, layers=(Layer.COMMUNITY,)), "gathering_ban", contacts=left)


__all__ = [
    "LAST_AGE", "OUTSIDE_HOME", "SITE_LAYERS", "ContactTesting", "EntryTesting", "Gate", "Isolation", "Measure", "Quarantine", "Restriction",
    "SymptomaticTesting", "TestCapacity", "TestRounds", "Tracing", "Vaccination", "Where", "ZoneLevel", "ZoneRule", "closure",
    "distancing", "gathering_ban", "masks", "reduced_opening", "shifts", "staggered_meals",
]  # fmt: skip
