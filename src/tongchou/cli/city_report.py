"""How ``tongchou city describe`` shows a city: as data, and as lines with bars."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from tongchou.cli.terminal import table
from tongchou.engine.city import AGE_BANDS, SECTORS, City
from tongchou.engine.city.describe import CityFigures, Difference

BAR = 28
LEFT_OUT_WORDS = {
    "households_without_people": "没有人、未纳入的户 / households without people, left out",
    "sites_without_people": "没有人、未纳入的场所 / sites without people, left out",
    "teams_without_site": "写了班组、没写场所的人 / persons with a team and no site",
    "without_birth": "出生日期不详、未纳入的人 / persons left out, their day of birth unknown",
    "without_sex": "性别不详、轮流按男女计的人 / persons of unknown sex, who stand as men and women in turn",
}


def as_data(city: City, figures: CityFigures, differences: Sequence[Difference]) -> dict[str, Any]:
    """What ``--json`` prints."""
    rows = [
        {"county": row.county, "figure": row.figure, "census": row.census, "city": row.city, "difference": row.difference}
        for row in differences
    ]  # fmt: skip
    return {
        "people": len(city),
        "source": city.source,
        "seed": city.seed,
        "counties": [vars(county) for county in city.counties],
        "ages": [
            {"from": low, "to": high, "men": men, "women": women}
            for (low, high), men, women in zip(AGE_BANDS, figures.men.tolist(), figures.women.tolist(), strict=True)
        ],
        "household_sizes": np.round(figures.household_sizes, 5).tolist(),
        "persons_by_household_kind": figures.persons_by_household_kind,
        "sectors": {en: round(float(share), 5) for (_zh, en), share in zip(SECTORS, figures.sectors, strict=True)},
        "sites": figures.sites,
        "work_in_other_county": figures.work_in_other_county,
        "riders": figures.riders,
        "neighbourhood_persons": figures.neighbourhood_persons,
        "bytes_per_person": figures.bytes_per_person,
        "differences": rows,
        "left_out": left_out(city),
        "largest_differences": [row for row in rows if any(row["figure"] == worst.figure and row["county"] == worst.county for worst in largest(differences))],
    }


def largest(differences: Sequence[Difference]) -> list[Difference]:
    """For each figure the county that differs most; of age groups and industries one each."""
    worst: dict[str, Difference] = {}
    industries = {en for _zh, en in SECTORS}
    for row in differences:
        kind = "age" if row.figure.startswith(("men ", "women ")) else "industry" if row.figure in industries else row.figure
        if kind not in worst or abs(row.difference) > abs(worst[kind].difference):
            worst[kind] = row
    return list(worst.values())


def as_text(city: City, figures: CityFigures, differences: Sequence[Difference]) -> str:
    """The same for a person."""
    parts = [
        f"{len(city)} 人 / people, {city.households} 户 / households, {city.sites} 场所 / sites, {city.neighbourhoods} 社区 / neighbourhoods",
        f"来源 / source: {city.source or '-'}; seed {city.seed}; {figures.bytes_per_person:.1f} B 一人 / a person",
        _pyramid(figures),
        table(["户规模/persons", "比重/share"], [(f"{size}{'+' if size == 10 else ''}", f"{share:.1%}") for size, share in enumerate(figures.household_sizes) if size]),
        table(["住处/dwelling", "人/persons"], [(kind, count) for kind, count in figures.persons_by_household_kind.items() if count]),
        table(
            ["场所/site", "个/sites", "人/persons", "均/mean", "最大/largest"],
            [(kind, row["sites"], row["persons"], f"{row['mean']:.1f}", row["largest"]) for kind, row in figures.sites.items()],
        ),
        table(["行业/industry", "比重/share"], [(f"{zh}/{en}", f"{share:.1%}") for (zh, en), share in zip(SECTORS, figures.sectors, strict=True)]),
        f"跨区县就业 / work in another county: {figures.work_in_other_county:.1%}；同乘 / ride in parties: {figures.riders}",
        _told_left_out(city),
        _worst(differences),
    ]
    return "\n\n".join(part for part in parts if part)


def left_out(city: City) -> dict[str, int]:
    """What the lists had that the city was made from, and the city has not."""
    return {key: city.notes[key] for key in LEFT_OUT_WORDS if key in city.notes}


def _told_left_out(city: City) -> str:
    """One line for each count that is not zero."""
    return "\n".join(f"{words}: {count}" for key, words in LEFT_OUT_WORDS.items() if (count := city.notes.get(key, 0)))


def _pyramid(figures: CityFigures) -> str:
    most = max(int(figures.men.max()), int(figures.women.max()), 1)
    lines = [f"{'男 / men':>{BAR + 9}}        {'女 / women'}"]
    for (low, _high), men, women in reversed(list(zip(AGE_BANDS, figures.men.tolist(), figures.women.tolist(), strict=True))):
        left, right = "▇" * round(men / most * BAR), "▇" * round(women / most * BAR)
        lines.append(f"{men:>10} {left:>{BAR}} {low:>3}+ {right:<{BAR}} {women}")
    return "\n".join(lines)


def _worst(differences: Sequence[Difference]) -> str:
    if not differences:
        return "名单城市，没有普查表可比 / a city from lists: no census table to compare with"
    rows = [
        (row.figure, row.county, _figure(row.census), _figure(row.city), f"{row.difference * 100:+.2f}") for row in largest(differences)
    ]  # fmt: skip
    head = "与普查表相差最大处（百分点；户规模为百分之一人） / where it differs most from the census (points; of a mean size, hundredths)"
    return f"{head}\n" + table(["数字/figure", "区县/county", "普查/census", "城市/city", "差/difference"], rows)


def _figure(value: float) -> str:
    return f"{value:.2f}" if value > 1 else f"{value:.2%}"
