"""Which city a command speaks to, and on which day, where nothing names them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tongchou import audit, citytime
from tongchou.cli import presence, standing

from tests.setup.conftest import Installation


@pytest.fixture
def folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> tuple[Path, Path]:
    """(the city's default folder, the demo's), both empty, with nothing said in the environment."""
    for name in ("TONGCHOU_DATA", "TONGCHOU_DEMO", "TONGCHOU_DATABASE_URL"):
        monkeypatch.delenv(name, raising=False)
    city, demo = tmp_path / "city", tmp_path / "demo"
    monkeypatch.setattr(standing, "DEMO_FOLDER", demo)
    monkeypatch.setitem(standing.env._BY_NAME, "TONGCHOU_DATA", standing.env.Setting("TONGCHOU_DATA", str(city), ""))
    return city, demo


def put(folder: Path, content: str = "rows") -> None:
    folder.mkdir()
    (folder / "city.sqlite3").write_text(content)


def chosen(monkeypatch: pytest.MonkeyPatch) -> tuple[Path, str]:
    with monkeypatch.context() as scope:
        for name in ("TONGCHOU_DATA", "TONGCHOU_DEMO"):  # what is set inside is taken back with the scope
            if name not in standing.os.environ:
                scope.setenv(name, "x")
                scope.delenv(name)
        standing.choose_city()
        return standing.env.folder("TONGCHOU_DATA"), standing.env.text("TONGCHOU_DEMO")


def test_the_demo_is_meant_where_it_is_the_only_city(folders, monkeypatch, capsys):
    city, demo = folders
    assert chosen(monkeypatch) == (city, "0")
    put(demo)
    (demo / standing.DEMO_MARK).write_text("[]")
    assert chosen(monkeypatch) == (demo, "1")
    said = capsys.readouterr()
    assert "演示城市" in said.err and "demo city" in said.err and said.out == ""
    put(city, "")
    assert chosen(monkeypatch) == (demo, "1"), "an empty file is no city"
    (city / "city.sqlite3").write_text("rows")
    assert chosen(monkeypatch) == (city, "0"), "a city of one's own comes first"


def test_what_is_named_is_never_overruled(folders, monkeypatch, tmp_path):
    _, demo = folders
    put(demo)
    monkeypatch.setenv("TONGCHOU_DATA", str(tmp_path / "named"))
    assert chosen(monkeypatch) == (tmp_path / "named", "0")
    monkeypatch.delenv("TONGCHOU_DATA")
    monkeypatch.setenv("TONGCHOU_DATABASE_URL", "postgresql://server/city")
    assert chosen(monkeypatch)[0] != demo


@pytest.mark.parametrize("words", [("zones", "--date", "2020-02-14"), ("jobs", "list"), ("backup",), ("serve",)])
def test_without_a_city_a_command_says_how_to_get_one(words: tuple[str, ...], tmp_path: Path, new_database):
    empty = Installation(tmp_path / "empty", {"TONGCHOU_DATABASE_URL": new_database(f"empty_{tmp_path.name}")})
    done = empty.run(*words)
    assert done.returncode == 1, done.stdout
    assert "还没有城市" in done.stderr and "tong.py demo" in done.stderr and "there is no city" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.django_db
def test_the_clock_of_a_demo_goes_on_from_its_last_act(settings, monkeypatch):
    settings.DEMO = True
    monkeypatch.setenv("TONGCHOU_CLOCK", "x")
    monkeypatch.delenv("TONGCHOU_CLOCK")
    evening = datetime(2020, 2, 14, 9, 30, tzinfo=UTC)
    with citytime.standing_at(evening):
        audit.record("demo_step", ledger="demo", object_id="1", by=audit.By(name="test"))
    before = citytime._clock
    try:
        presence.stand_demo_clock()
        assert timedelta(0) <= citytime.now() - evening < timedelta(seconds=60)
        assert standing.os.environ["TONGCHOU_CLOCK"].startswith("2020-02-14T17:30:00+08:00@")
    finally:
        citytime.set_clock(before)

