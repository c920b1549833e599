"""``facts/divisions.csv``: Panzhihua's counties, townships and villages by name and code, with the county seats."""

from __future__ import annotations

from pathlib import Path

from demo.extract.sources import CITY, as_csv, rows_of

COLUMNS = ("code", "name", "level", "parent", "lon", "lat", "datum", "seat_source")
SEAT_SOURCE = "cpca 0.5.5"
# The package does not state its datum; against district outlines and GPS the seats look like GCJ-02.
SEAT_DATUM = "GCJ-02"


def build(data: Path) -> str:
    """The file's text, cut out of ``admin-divisions``: one province, one city, 5 counties, 49 townships, 336 villages."""
    folder = data / "admin-divisions"
    seats = {row["adcode"]: row for row in rows_of(folder / "adcodes_lonlat_cpca-0.5.5.csv") if row["longitude"]}
    levels = (
        ("province", rows_of(folder / "provinces.csv"), ""),
        ("city", rows_of(folder / "cities.csv"), "provinceCode"),
        ("county", rows_of(folder / "areas.csv"), "cityCode"),
        ("township", rows_of(folder / "streets.csv.gz"), "areaCode"),
        ("village", rows_of(folder / "villages_four_cities.csv"), "streetCode"),
    )
    rows = [
        _row(level, row["code"], row["name"], row[above] if above else "", seats)
        for level, source, above in levels
        for row in sorted(source, key=lambda row: row["code"])
        if row["code"].startswith(CITY) or row["code"] == CITY[:2]
    ]
    return as_csv(COLUMNS, rows)


def _row(level: str, code: str, name: str, above: str, seats: dict[str, dict[str, str]]) -> dict[str, str]:
    full = code.ljust(12, "0")
    seat = seats.get(full)
    return {
        "code": full,
        "name": name,
        "level": level,
        "parent": above.ljust(12, "0") if above else "",
        "lon": seat["longitude"] if seat else "",
        "lat": seat["latitude"] if seat else "",
        "datum": SEAT_DATUM if seat else "",
        "seat_source": SEAT_SOURCE if seat else "",
    }
