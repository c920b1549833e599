"""A village, a household and a way to register people by hand."""

from __future__ import annotations

from datetime import date
from itertools import count
from typing import Any

import pytest

from tongchou.access.actor import SYSTEM
from tongchou.areas.models import Area
from tongchou.ledger import registry, write
from tongchou.people import id_number
from tongchou.people.models import Household, Person

VILLAGE = "510402002001"


@pytest.fixture
def village(db) -> str:
    for path, name, level in (
        ("51", "四川省", "province"), ("5104", "攀枝花市", "city"), ("510402", "东区", "county"),
        ("510402002", "炳草岗街道", "township"), (VILLAGE, "竹湖园社区", "village"), ("510403", "西区", "county"),
    ):  # fmt: skip
        Area.objects.create(
            code=path.ljust(12, "0"), path=path, parent_path=path[:-3] if len(path) > 6 else path[:-2],
            name=name, level=level, valid_from_on=date(2010, 1, 1),
        )  # fmt: skip
    return VILLAGE


def number(born: date = date(1980, 5, 1), sequence: int = 1) -> str:
    first = f"510492{born:%Y%m%d}{sequence:03d}"
    return first + id_number.check_character(first)


@pytest.fixture
def home(village: str) -> Household:
    ledger = registry.get("household")
    values = write.clean_row(ledger, {"area_path": village, "kind": "family", "address": "竹湖路 1 号 101"}, SYSTEM)
    return write.create_rows(ledger, [values], by=SYSTEM)[0]


@pytest.fixture
def register(village: str):
    """``register(name=..., id_no=...)`` adds a person through the ledger's own door."""
    serial = count(1)

    def add(**text: Any) -> Person:
        ledger = registry.get("person")
        raw = {"name": f"示例{next(serial)}", "area_path": village, **text}
        values = write.clean_row(ledger, raw, SYSTEM)
        return write.create_rows(ledger, [values], by=SYSTEM)[0]

    return add
