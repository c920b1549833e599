"""A city person by person, in arrays: synthesised from census tables, or built from lists of real households and firms."""

from tongchou.engine.city.by_hand import Columns, city_from_lists
from tongchou.engine.city.kinds import CLOSED_KINDS, NO_SECTOR, SCHOOL_KINDS, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.model import City, CityFault, County

__all__ = [
    "CLOSED_KINDS", "NO_SECTOR", "SCHOOL_KINDS", "SECTORS", "City", "CityFault", "County", "Columns", "HouseholdKind",
    "SiteKind", "city_from_lists",
]  # fmt: skip
