"""The scenario files against the published figures: no case more, none less, none in Renhe."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest
from demo.loading.plan import FOLDER
from demo.replay.scenario import ScenarioBroken, read_scenario

SCENARIO = read_scenario()


def official() -> dict[date, dict[str, int]]:
    with (FOLDER / "facts" / "daily_official.csv").open(encoding="utf-8", newline="") as file:
        return {
            date.fromisoformat(row["date_on"]): {name: int(row[name]) for name in ("confirmed_cum", "cured_cum")}
            for row in csv.DictReader(file)
        }


def test_confirmed_and_cured_follow_the_official_figures_on_every_day():
    confirmed = Counter(story.positive_reported_at.date() for story in SCENARIO.cases if story.positive_reported_at)
    cured = Counter(story.discharged_at.date() for story in SCENARIO.cases if story.discharged_at)
    for day, figures in official().items():
        assert sum(count for on, count in confirmed.items() if on <= day) == figures["confirmed_cum"], day
        assert sum(count for on, count in cured.items() if on <= day) == figures["cured_cum"], day


def test_the_spread_over_counties_fits_what_is_known():
    cases = [story for story in SCENARIO.cases if story.positive_at]
    by_county = Counter(story.county for story in cases)
    assert by_county["510411"] == 0  # mechanisms.md section 4: Renhe district never had a case
    assert sum(by_county.values()) == 16
    # 28 February: East medium (a case within 14 days), West low (none, and the last one discharged 14 days before).
    last = {county: max(s.positive_at.date() for s in cases if s.county == county) for county in by_county}
    assert (date(2020, 2, 28) - last["510402"]).days < 14 <= (date(2020, 2, 28) - last["510403"]).days
    west_out = max(story.discharged_at.date() for story in cases if story.county == "510403")
    assert (date(2020, 2, 28) - west_out).days >= 14


def test_every_story_can_have_happened():
    by_key = {story.key: story for story in SCENARIO.cases}
    for story in SCENARIO.cases:
        assert story.onset_on <= story.first_visit_on <= story.found_at.date()
        steps = [story.found_at, story.reported_at, story.positive_at, story.positive_reported_at, story.discharged_at]
        known = [at for at in steps if at]
        assert known == sorted(known), story.key
        assert story.investigated_at > story.reported_at or story.investigated_at > story.found_at
        assert 0 <= (story.found_at.date() - story.onset_on).days <= 7
        if story.source:
            source = by_key[story.source]
            assert 1 <= (story.onset_on - source.onset_on).days <= 14  # serial interval
            assert source.investigated_at <= story.investigated_at or source.reported_at < story.investigated_at
        else:
            assert story.origin in ("imported", "")


def test_a_broken_file_says_where(tmp_path: Path):
    for name in ("cases.csv", "orders.csv", "habits.toml"):
        (tmp_path / name).write_text((FOLDER / "panzhihua" / name).read_text(encoding="utf-8"), encoding="utf-8")
    good = (tmp_path / "cases.csv").read_text(encoding="utf-8")
    (tmp_path / "cases.csv").write_text(good.replace("2020-01-24,", "2020-02-30,", 1), encoding="utf-8")
    with pytest.raises(ScenarioBroken) as broken:
        read_scenario(tmp_path)
    assert "第 2 行" in broken.value.zh and "onset_on" in broken.value.en
    (tmp_path / "cases.csv").write_text(good.replace(",E1,PZH-C1", ",E77,PZH-C1", 1), encoding="utf-8")
    with pytest.raises(ScenarioBroken) as broken:
        read_scenario(tmp_path)
    assert "E77" in broken.value.zh
