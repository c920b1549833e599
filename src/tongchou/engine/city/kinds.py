"""The words of a city: kinds of sites, kinds of households, the 19 industries of the census."""

from __future__ import annotations

from enum import IntEnum
from typing import Final

NO_SECTOR: Final = 255
"""``site_sector`` of a site that is of no industry."""

MALE: Final = 1
"""GB/T 2261.1."""
FEMALE: Final = 2


class SiteKind(IntEnum):
    """What a day site is. The closed kinds are those of ``design.md``: people live there, staff come in shifts."""

    WORKPLACE = 0
    KINDERGARTEN = 1
    PRIMARY = 2
    MIDDLE = 3
    HIGH = 4
    COLLEGE = 5
    CARE_HOME = 6
    PRISON = 7
    HOSPITAL = 8
    OTHER_CLOSED = 9


SCHOOL_KINDS: Final = (SiteKind.KINDERGARTEN, SiteKind.PRIMARY, SiteKind.MIDDLE, SiteKind.HIGH, SiteKind.COLLEGE)
CLOSED_KINDS: Final = (SiteKind.CARE_HOME, SiteKind.PRISON, SiteKind.OTHER_CLOSED)


class HouseholdKind(IntEnum):
    """What those who live together are: a family household (家庭户), or a room of a collective one (集体户)."""

    FAMILY = 0
    STUDENT_DORMITORY = 1
    WORKER_DORMITORY = 2
    CARE_HOME = 3
    PRISON = 4
    OTHER_CLOSED = 5


SECTORS: Final = (
    ("农林牧渔业", "agriculture"),
    ("采矿业", "mining"),
    ("制造业", "manufacturing"),
    ("电力热力燃气及水生产和供应业", "utilities"),
    ("建筑业", "construction"),
    ("批发和零售业", "trade"),
    ("交通运输仓储和邮政业", "transport"),
    ("住宿和餐饮业", "hotels and catering"),
    ("信息传输软件和信息技术服务业", "information"),
    ("金融业", "finance"),
    ("房地产业", "real estate"),
    ("租赁和商务服务业", "business services"),
    ("科学研究和技术服务业", "research and technical services"),
    ("水利环境和公共设施管理业", "water, environment and public facilities"),
    ("居民服务修理和其服务业", "resident services and repair"),
    ("教育", "education"),
    ("卫生和社会工作", "health and social work"),
    ("文化体育和娱乐业", "culture, sport and entertainment"),
    ("公共管理社会保障和社会组织", "public administration"),
)
"""GB/T 4754-2017 sections A to S, as the columns of the 2020 census name them; the place is the sector's number."""

AGRICULTURE: Final = 0
EDUCATION: Final = 15
HEALTH: Final = 16
PUBLIC_ADMINISTRATION: Final = 18
