"""Step 2, assess 判: the day's counts, zone proposals by the rule in force, days without a new case, the outlook."""

from __future__ import annotations

from dataclasses import asdict
from datetime import date, timedelta

from tongchou import areas, citytime
from tongchou.bridge import counts
from tongchou.bridge.zero_clock import ZeroClock, city_clock, zero_clocks
from tongchou.bridge.zone_levels import store_levels
from tongchou.day.step import Day, Step
from tongchou.outbreak.models import AreaOutlook
from tongchou.reason import Reason
from tongchou.zones.queries.table import ZoneLine, zone_table


def run(day: Day) -> Step:
    """Figures of the city and its counties, the zone table, and the zero-case clocks at the day's close."""
    from tongchou.bridge.area_outlook import store_outlooks  # loads the engine: seconds

    outbreak, on = day.outbreak, day.on
    figures = counts.figures_of(outbreak, on)
    by_area = counts.figures_by_area(outbreak, on)
    proposals = store_levels(outbreak, on, by=day.by)
    downgrade = {proposal.area_path: proposal.days_to_downgrade for proposal in proposals}
    outlooks = store_outlooks(outbreak, on, by=day.by, days_to_downgrade=downgrade)
    zones = zone_table(on, disease=outbreak.disease, proposals=proposals)
    clocks = zero_clocks(outbreak, on)
    city = city_clock(outbreak, on)
    marks = counts.definition_marks(outbreak, on - timedelta(days=1), on)
    version = counts.data_version(outbreak)
    values = {
        "figures": asdict(figures),
        "by_area": {path: asdict(one) for path, one in by_area.items()},
        "zones": [line.stored() for line in zones],
        "zero_city": city.stored(),
        "zero": [clock.stored() for clock in clocks],
        "definition_changed": [asdict(mark) for mark in marks],
        "outlooks": {row.area_path: {"version": row.version, "enough": row.enough} for row in outlooks},
        "data_version": version.stamp,
    }
    lines = [_city(day, asdict(figures))]
    lines += [
        Reason(
            "assess.area",
            {
                "area": areas.name_of(path, on),
                "new": one.new_confirmed,
                "confirmed": one.confirmed,
                "active": one.active,
            },
        )
        for path, one in by_area.items()
        if one.confirmed or one.active
    ]
    lines += [Reason("assess.definition", {"before": mark.before, "after": mark.after}) for mark in marks]
    lines += [line for zone in zones for line in _zone(zone)]
    lines += [_zero(clock, on) for clock in (city, *clocks)]
    lines += [_outlook(row, on) for row in outlooks if row.figures.get("cases") or row.area_path == outbreak.area_path]
    return Step(values, lines)


def _city(day: Day, figures: dict[str, int]) -> Reason:
    """The city's figures at the day's close, or at the hour of the run where the day still runs."""
    values = {"day": day.on.isoformat(), **figures}
    if day.at < citytime.day_close(day.on):
        return Reason("assess.city_at", values | {"at": f"{day.at.astimezone(citytime.zone()):%H:%M}"})
    return Reason("assess.city", values)


def _zone(zone: ZoneLine) -> list[Reason]:
    names = {"area": zone.name, "zh": "；".join(zone.reasons("zh")), "en": "; ".join(zone.reasons("en"))}
    if not zone.level:
        lines = [Reason("assess.zone_none", names)]
    elif zone.days_to_downgrade is None:
        lines = [Reason("assess.zone", {**names, "level": zone.level, "rule": zone.rule})]
    else:
        values = {**names, "level": zone.level, "rule": zone.rule, "days": zone.days_to_downgrade}
        lines = [Reason("assess.zone_days", {**values, "next": zone.next_level})]
    both = {"zh": zone.published_text("zh"), "en": zone.published_text("en")}
    both |= {"decided_zh": zone.decided_text("zh"), "decided_en": zone.decided_text("en")}
    return [*lines, Reason("assess.beside", both)]


def _outlook(row: AreaOutlook, on: date) -> Reason:
    said = {side: ("；" if side == "zh" else "; ").join(reason[side] for reason in row.reasons) for side in ("zh", "en")}
    return Reason("assess.outlook", {"area": areas.name_of(row.area_path, on), **said})


def _zero(clock: ZeroClock, on: date) -> Reason:
    values = {"area": areas.name_of(clock.area, on), "days": clock.days}
    if clock.last_case_on is None:
        return Reason("assess.zero_never", values)
    values["last_case_on"] = clock.last_case_on.isoformat()
    if clock.reached is None:
        return Reason("assess.zero", values)
    what = clock.reached
    values |= {"zh": what.zh, "en": what.en}
    values |= {
        "opens_zh": "、".join(zh for zh, _en in what.reopens),
        "opens_en": ", ".join(en for _zh, en in what.reopens),
    }
    return Reason("assess.zero_reached", values)
