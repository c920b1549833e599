"""One village, people in it, and a way to import a sheet written in the test."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.ledger import registry
from tongchou.ledger.exchange import applying, staging
from tongchou.ledger.models import Import

from tests.people.conftest import home, number, register, village  # noqa: F401

HEADER = "姓名,证件号码,电话,居住区划"


@pytest.fixture
def sheet(tmp_path: Path):
    """``sheet("姓名,…", "row", …, encoding=…)`` writes a csv and gives its path."""
    made = []

    def write(*lines: str, encoding: str = "utf-8") -> Path:
        path = tmp_path / f"sheet{len(made)}.csv"
        path.write_bytes(("\r\n".join(lines) + "\r\n").encode(encoding))
        made.append(path)
        return path

    return write


@pytest.fixture
def bring_in(village: str):  # noqa: F811
    """``bring_in("person", path)`` stages and applies; gives the account."""

    def run(key: str, path: Path, *, by: Actor = SYSTEM, map_name: str = "", apply: bool = True) -> dict:
        source = staging.stage(registry.get(key), path, file_name=path.name, by=by, map_name=map_name)
        if apply and source.state == "staged":
            applying.apply_now(source=source, by=by)
            source.refresh_from_db()
        return applying.account(source)

    return run


@pytest.fixture
def staged(village: str, sheet):  # noqa: F811
    """``staged("row", …)`` reads a sheet of people up to the dry run; gives its import."""

    def run(*rows: str) -> Import:
        return staging.stage(registry.get("person"), sheet(HEADER, *rows), file_name="x.csv", by=SYSTEM)

    return run


@pytest.fixture
def cdc(village: str):  # noqa: F811
    """``cdc("510403")`` is the disease control post of a district, with a purpose stated."""

    def post(area_path: str) -> Actor:
        row = Post.objects.create(code=f"cdc-{area_path}", name="区疾控", role="CDC_DISTRICT", scope_kind="area", area_path=area_path, active_from_on=date(2020, 1, 1))
        return Actor.of_post(row, purpose="investigation")

    return post
