"""``tongchou city-from-ledgers --out DIR``: the residents, households and workplaces on record as a city of arrays."""

from __future__ import annotations

import argparse
from pathlib import Path

from tongchou import citytime
from tongchou.bridge.city_rows import read_city
from tongchou.cli.day import read_day
from tongchou.cli.terminal import CommandError, UsageError
from tongchou.engine.city import CityFault
from tongchou.store.city_file import save_city

NAME = "city-from-ledgers"
HELP_ZH = "把台账中的居民、户和工作场所写成逐人城市，供模拟使用"
HELP_EN = "the residents, households and workplaces on record as a city to simulate"
JSON = {
    "out": "城市文件夹 / the city's folder",
    "people": "人数 / persons",
    "households": "户数 / households",
    "sites": "场所数 / sites",
    "without_birth": "因出生日期不详未纳入的人数 / persons left out, their day of birth unknown",
    "without_sex": "性别不详、轮流按男女计的人数 / persons of unknown sex, who stand as men and women in turn",
    "households_without_people": "没有居民、未纳入的户数 / households on record without people, left out",
    "sites_without_people": "没有在岗人员、未纳入的场所数 / places on record where nobody works, left out",
    "sha256": "城市的散列值 / hash of the city",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--out", required=True, metavar="DIR", help="城市文件夹 / the city's folder")
    parser.add_argument("--date", metavar="D", help="年龄按哪一天计；缺省为今天 / the day on which ages are counted, today if left out")
    parser.add_argument("--area", default="", metavar="PATH", help="地区路径，缺省为全市 / path of an area, the whole city if left out")
    parser.add_argument("--replace", action="store_true", help="覆盖原有城市文件夹 / replace a city that is there")


def run(args: argparse.Namespace) -> int:
    if Path(args.out).exists() and not args.replace:
        raise UsageError(f"{args.out} 已存在：请换文件夹或加 --replace", f"{args.out} is there already; choose another or add --replace")
    try:
        found = read_city(read_day(args.date) if args.date else citytime.today(), area=args.area)
        told = save_city(found.city, args.out, replace=args.replace)
    except CityFault as fault:
        raise CommandError(fault.zh, fault.en) from fault
    city = found.city
    data = {
        "out": str(args.out), "people": len(city), "households": city.households, "sites": city.sites,
        **found.left_out, "sha256": told,
    }  # fmt: skip
    args.say(data, "\n".join(f"{key}: {value}" for key, value in data.items()))
    return 0
