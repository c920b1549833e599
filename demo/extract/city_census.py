"""``src/tongchou/store/census/counties_2020.csv``: the census of 2020 for four cities and a generic one, by county."""

from __future__ import annotations

from pathlib import Path

from demo.extract.sources import as_csv, rows_of
from tongchou.store.census_tables import COLUMNS

CITIES = {"panzhihua": "5104", "bazhong": "5119", "jining": "3708", "foshan": "4406"}
# Kinds of counties by the last sign of their names; seats of the generic city are invented, 0.4 degrees (about 40 km) apart.
KINDS = (("generic-1", "市辖区", "区", 105.0, 30.0), ("generic-2", "县级市", "市", 105.4, 30.0), ("generic-3", "县", "县旗", 105.0, 30.4))


def build(data: Path) -> str:
    rows = rows_of(data / "census" / "county_2020_census.csv.gz")
    seats = {row["adcode"][:6]: row for row in rows_of(data / "admin-divisions" / "adcodes_lonlat_cpca-0.5.5.csv")}
    counties = [row for row in rows if row["区划代码"] and not row["区划代码"].endswith("00")]
    written = []
    for city, prefix in CITIES.items():
        for row in (row for row in counties if row["区划代码"].startswith(prefix)):
            seat = seats.get(row["区划代码"]) or seats[f"{prefix}00"]
            place = {"city": city, "lon": seat["longitude"], "lat": seat["latitude"]}
            written.append({**place, **{name: _plain(row[zh]) for zh, name in COLUMNS.items()}})
    for code, name, ends, lon, lat in KINDS:
        same = [row for row in counties if row["区县"][-1] in ends]
        sums = {en: sum(round(float(row[zh] or 0)) for row in same) for zh, en in COLUMNS.items() if en not in ("code", "name")}
        written.append({"city": "generic", "lon": lon, "lat": lat, "code": code, "name": name, **sums})
    return as_csv(["city", *COLUMNS.values(), "lon", "lat"], written)


def _plain(text: str) -> str:
    """Whole numbers without the ``.0`` that a spreadsheet left on some."""
    return text.removesuffix(".0") or "0"
