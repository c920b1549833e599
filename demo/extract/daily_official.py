"""``facts/daily_official.csv``: Panzhihua's real daily figures by official date (24:00), two sources reconciled.

Confirmed cases come from the transcribed reports of the health commission (``china-city-official``). Cured are in
those reports only from 15 February; earlier they come from the feed (``china-city-counts``), whose date changes its
meaning: up to 6 February a row is that day's official figure, from 8 February it is the day before's. The feed's row
of 7 February repeats the sixth with another cured figure and is left out. Where the sources differ, the official
report is taken and the other figure is named in ``differs``.
"""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path

from demo.extract.sources import as_csv, rows_of

COLUMNS = ("date_on", "confirmed_cum", "confirmed_new", "cured_cum", "source", "cured_source", "differs")
FIRST_ON, LAST_ON = date(2020, 1, 22), date(2020, 2, 29)
FEED_SAME_DAY_UNTIL = date(2020, 2, 6)
OFFICIAL, FEED = "china-city-official", "china-city-counts"


def build(data: Path) -> str:
    """The file's text. Raises ``ValueError`` if the confirmed figures of the two sources part."""
    confirmed = _official(data, "infections")
    cured = _official(data, "recoveries")
    feed = _feed(data)
    rows = []
    before = 0
    for step in range((LAST_ON - FIRST_ON).days + 1):
        day = FIRST_ON + timedelta(days=step)
        seen = feed.get(day)
        if seen and seen[0] != confirmed[day]:
            raise ValueError(f"{day}: official {confirmed[day]} confirmed, feed {seen[0]}")
        value, source = _cured(day, confirmed[day], cured, seen)
        differs = f"{FEED} cured {seen[1]}" if seen and source == OFFICIAL and seen[1] != value else ""
        rows.append(
            {
                "date_on": day.isoformat(),
                "confirmed_cum": confirmed[day],
                "confirmed_new": confirmed[day] - before,
                "cured_cum": value,
                "source": OFFICIAL,
                "cured_source": source,
                "differs": differs,
            }
        )
        before = confirmed[day]
    return as_csv(COLUMNS, rows)


def _cured(day: date, confirmed: int, official: dict[date, int], seen: tuple[int, int] | None) -> tuple[int, str]:
    if day in official:
        return official[day], OFFICIAL
    if seen:
        return seen[1], FEED
    if confirmed == 0:
        return 0, "no case yet"
    raise ValueError(f"{day}: no source has the cured")


def _official(data: Path, what: str) -> dict[date, int]:
    [row] = [
        row
        for row in rows_of(data / OFFICIAL / f"China_accumulated_{what}.csv")
        if row["地级行政区或县级行政区"] == "攀枝花市"
    ]
    return {date.fromisoformat(key): int(float(cell)) for key, cell in row.items() if key[:2] == "20" and cell}


def _feed(data: Path) -> dict[date, tuple[int, int]]:
    """(confirmed, cured) by official date."""
    found = {}
    for row in rows_of(data / FEED / "city_panzhihua_510400.csv"):
        seen = date.fromisoformat(row["date"])
        if seen <= FEED_SAME_DAY_UNTIL:
            found[seen] = (int(row["confirmed"]), int(row["cured"]))
        elif seen > FEED_SAME_DAY_UNTIL + timedelta(days=1):
            found[seen - timedelta(days=1)] = (int(row["confirmed"]), int(row["cured"]))
    return found
