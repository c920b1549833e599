"""A city person by person, in arrays: synthesised from census tables, or built from lists of real households and firms."""

from tongchou.engine.city.by_hand import LEFT_OUT, Columns, city_from_lists
from tongchou.engine.city.census import AGE_BANDS, Census, CountyCensus
from tongchou.engine.city.kinds import CLOSED_KINDS, NO_SECTOR, SCHOOL_KINDS, SECTORS, HouseholdKind, SiteKind
from tongchou.engine.city.model import City, CityFault, County
from tongchou.engine.city.synthesize import synthesize_city

__all__ = [
    "AGE_BANDS", "CLOSED_KINDS", "LEFT_OUT", "NO_SECTOR", "SCHOOL_KINDS", "SECTORS", "Census", "City", "CityFault", "Columns", "County",
    "CountyCensus", "HouseholdKind", "SiteKind", "city_from_lists", "synthesize_city",
]  # fmt: skip
