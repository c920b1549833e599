"""Enough cases: reproduction number, forecast and nowcast stored as issued, shown, and scored when the days have come."""

from datetime import date, timedelta

import pytest

from tongchou import citytime
from tongchou.access.actor import SYSTEM
from tongchou.bridge.area_outlook import store_outlooks
from tongchou.outbreak.models import AreaOutlook, Case, ForecastScore
from tongchou.outbreak.outlook_view import ChainLine, _drawn_chains
from tongchou.outbreak.queries.outlook import record_of

from tests.outbreak import panzhihua
from tests.outbreak.panzhihua import CITY, EAST, VILLAGES, YANBIAN
from tests.wall.test_wall import signed_in

PER_DAY = [1, 1, 2, 2, 3, 3, 4, 5, 6, 7, 8, 9, 10, 11]
LAST = date(2020, 2, 8)


def add_cases(outbreak, day, number):
    """Confirmed cases of one day in East, ill three days before, invented."""
    at = citytime.at_hour(day, 12)
    Case.objects.bulk_create(
        Case(
            outbreak=outbreak, case_no=f"T-{day:%m%d}-{one}", area_path=VILLAGES[EAST], status="confirmed", origin="local",
            definition_version="test", onset_on=day - timedelta(days=3), confirmed_on=day, found_at=at, changed_at=at,
        )
        for one in range(number)
    )  # fmt: skip


@pytest.fixture
def growing(posts):
    with citytime.standing_at(panzhihua.at(1, 22)):
        outbreak = panzhihua.build_outbreak()
    for step, number in enumerate(PER_DAY):
        add_cases(outbreak, LAST - timedelta(days=len(PER_DAY) - 1 - step), number)
    return outbreak


def stored(outbreak, day, hour=23):
    with citytime.standing_at(citytime.at_hour(day, hour)):
        return {row.area_path: row for row in store_outlooks(outbreak, day, by=SYSTEM, days_to_downgrade={})}


def test_reproduction_forecast_and_nowcast_of_an_area_with_enough_cases(growing, client):
    rows = stored(growing, LAST)
    figures = rows[EAST].figures
    assert rows[EAST].enough and figures["curve"]["low"] > 1
    assert rows[EAST].reasons[1]["code"] == "outlook.reproduction_growing"
    forecast, nowcast = figures["forecast"], figures["nowcast"]
    assert (forecast["reference_on"], len(forecast["days"]), len(forecast["levels"])) == ("2020-02-08", 14, 23)
    assert all(row == sorted(row) for row in forecast["quantiles"])
    assert forecast["past"][-1] == 11
    # All are reported three days after onset, so of the last days nobody is known yet and somebody will be.
    assert nowcast["known"][-1] == 0 and nowcast["high"][-1] > 0
    assert rows[YANBIAN].figures.get("forecast") is None
    with citytime.standing_at(citytime.at_hour(LAST, 23)):
        text = signed_in(client, "COMMAND-5104").get(f"/outbreak/outlook/{EAST}/").content.decode()
    assert "今后两周每日报告" in text and "疫情在扩大" in text and 'data-tile="reproduction"' in text
    assert "终将知道" in text


def test_the_forecast_and_the_nowcast_are_told_in_words_with_their_intervals(growing, client):
    row = stored(growing, LAST)[EAST]
    codes = [reason["code"] for reason in row.reasons]
    assert codes[:5] == ["outlook.enough", "outlook.reproduction_growing", "outlook.doubling", "outlook.forecast", "outlook.nowcast"]
    speed, ahead, ill = row.reasons[2:5]
    assert speed["values"]["low"] < speed["values"]["days"] < speed["values"]["high"]
    levels, quantiles = row.figures["forecast"]["levels"], row.figures["forecast"]["quantiles"]
    at = [levels.index(level) for level in (0.05, 0.5, 0.95)]
    week, end = ([round(quantiles[ahead - 1][place]) for place in at] for ahead in (7, 14))
    assert [ahead["values"][name] for name in ("low", "median", "high")] == week
    assert [ahead["values"][name] for name in ("late_low", "late", "late_high")] == end
    # Of the last seven days of onset four are known: who fell ill on 2 to 5 February and was reported by the 8th.
    assert ill["values"]["known"] == sum(row.figures["nowcast"]["known"][-7:]) == sum(PER_DAY[-4:])
    assert ill["values"]["known"] < ill["values"]["low"] < ill["values"]["median"] < ill["values"]["high"]
    with citytime.standing_at(citytime.at_hour(LAST, 23)):
        reader = signed_in(client, "COMMAND-5104")
        for page in (f"/outbreak/outlook/{EAST}/", f"/wall/area/{EAST}/"):
            text = reader.get(page).content.decode()
            assert f'<p class="outlook-verdict">{row.reasons[1]["zh"]}</p>' in text
            assert f'<p class="says">{ahead["zh"]}</p>' in text and f'<p class="says">{ill["zh"]}</p>' in text
            assert 'id="outlook-nowcast"' in text


def test_the_picture_has_room_for_the_open_and_the_largest_chains():
    chains = [
        ChainLine(LAST - timedelta(days=40 - size), LAST, cases=size, here=1, generations=1, imported=0, open=size % 2 == 0)
        for size in range(1, 41)
    ]  # fmt: skip
    drawn = _drawn_chains(chains)
    assert [one.cases for one in drawn] == list(range(10, 41, 2))  # the sixteen largest open ones, first case first


def test_a_forecast_is_kept_as_issued_and_scored_once_when_its_day_has_closed(growing):
    issued = stored(growing, LAST)[EAST].figures["forecast"]
    tomorrow = LAST + timedelta(days=1)
    add_cases(growing, tomorrow, 12)
    stored(growing, tomorrow, hour=12)
    assert not ForecastScore.objects.exists()  # the day still runs
    with citytime.standing_at(citytime.at_hour(tomorrow + timedelta(days=1), 1)):
        store_outlooks(growing, tomorrow, by=SYSTEM, days_to_downgrade={})
        store_outlooks(growing, tomorrow, by=SYSTEM, days_to_downgrade={})
    score = ForecastScore.objects.get(outlook__area_path=EAST)
    assert (score.target_on, score.horizon_days, score.observed, score.method) == (tomorrow, 1, 12, issued["method"])
    levels, first = issued["levels"], issued["quantiles"][0]
    # The weighted interval score is the mean of twice the pinball loss over the 23 levels (Bracher et al. 2021).
    by_hand = sum(2 * ((value >= 12) - level) * (value - 12) for level, value in zip(levels, first, strict=True)) / 23
    assert score.wis == pytest.approx(by_hand, rel=1e-6)
    assert AreaOutlook.objects.get(area_path=EAST, day_on=LAST).figures["forecast"] == issued
    record = record_of(growing, EAST)
    assert (record.days, record.wis) == (1, pytest.approx(by_hand, rel=1e-6))
    assert record_of(growing, YANBIAN) is None
    assert record_of(growing, CITY).days == 1


def test_a_day_that_still_runs_is_shown_and_not_learnt_from(growing):
    first = stored(growing, LAST, hour=12)[EAST].figures["forecast"]
    Case.objects.filter(confirmed_on=LAST, case_no__endswith="-1").delete()
    second = stored(growing, LAST, hour=13)[EAST].figures["forecast"]
    assert (first["past"][-1], second["past"][-1]) == (11, 10)
    assert second["quantiles"] == first["quantiles"]
    assert stored(growing, LAST + timedelta(days=1))[EAST].figures["forecast"]["quantiles"] != first["quantiles"]


def test_a_batch_report_is_named_and_set_aside(growing, client):
    plain = stored(growing, LAST)[EAST].figures["forecast"]
    assert plain["set_aside"] == []
    batch_on = LAST - timedelta(days=4)
    Case.objects.bulk_create(
        Case(
            outbreak=growing, case_no=f"B-{one}", area_path=VILLAGES[EAST], status="confirmed", origin="local", definition_version="test",
            onset_on=batch_on - timedelta(days=3), confirmed_on=batch_on, found_at=citytime.at_hour(batch_on, 12), changed_at=citytime.at_hour(batch_on, 12),
        )
        for one in range(120)
    )  # fmt: skip
    forecast = stored(growing, LAST)[EAST].figures["forecast"]
    assert len(forecast["set_aside"]) == 1
    assert all(forecast["set_aside"][0][side] for side in ("zh", "en"))
    median = forecast["levels"].index(0.5)
    assert forecast["quantiles"][0][median] < 2 * plain["quantiles"][0][median]
    with citytime.standing_at(citytime.at_hour(LAST, 23)):
        text = signed_in(client, "COMMAND-5104").get(f"/outbreak/outlook/{EAST}/").content.decode()
    assert f"预测时未采用：{forecast['set_aside'][0]['zh']}" in text
