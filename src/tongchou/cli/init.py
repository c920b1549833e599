"""``tongchou init``: found a city: its divisions, the first posts, two administrators who come in by one-time links."""

from __future__ import annotations

import argparse
import io
import sys
from datetime import date
from pathlib import Path

from django.core.management import call_command
from django.db import transaction
from django.urls import reverse

from tongchou import areas
from tongchou.access.actions import founding
from tongchou.access.actions.user import LINK_HOURS
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post
from tongchou.areas.actions.division import import_divisions
from tongchou.cli import terminal

NAME = "init"
HELP_ZH = "建立一座城市：区划、首批岗位和两位管理员（各一个一次性链接）"
HELP_EN = "found a city: divisions, first posts and two administrators (a one-time link each)"
CITY = "none"
JSON = {
    "city": "城市区划路径 / path of the city",
    "divisions": "区划数 / divisions loaded",
    "posts": "岗位数 / posts made",
    "links": "管理员的一次性链接，{工号：网址} / one-time links of the administrators, {work number: address}",
    "hours": "链接有效小时数 / hours the links are valid",
}
INPUT = {
    "code": "区划代码，12 位或去尾零 / division code, 12 digits or without trailing zeros",
    "name": "名称 / name",
    "level": "级别，可空 / level, may be empty",
    "parent": "上级代码，可空 / parent's code, may be empty",
    "urban_rural": "城乡分类代码，可空 / urban-rural class, may be empty",
    "lon": "经度，可空 / longitude, may be empty",
    "lat": "纬度，可空 / latitude, may be empty",
    "datum": "坐标系，可空 / datum, may be empty",
    "valid_from_on": "生效日期，可空 / valid from, may be empty",
    "valid_to_on": "失效日期，可空 / valid to, may be empty",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--city", metavar="CODE", help="城市区划代码，如 5104；不写则询问 / the city's code, asked for where missing")
    parser.add_argument("--name", metavar="NAME", help="城市名称；不写则询问 / the city's name, asked for where missing")
    parser.add_argument("--divisions", metavar="FILE", type=Path, help="全市区划 CSV / a CSV of the city's divisions")
    parser.add_argument(
        "--valid-from", metavar="DATE", type=date.fromisoformat, default=date(2000, 1, 1),
        help="没有写明时区划的生效日期，默认 2000-01-01 / valid-from of divisions that name none",
    )
    parser.add_argument(
        "--address", metavar="URL", default="http://localhost:8000", help="链接中的网址，默认 http://localhost:8000 / address in the links"
    )


def run(args: argparse.Namespace) -> int:
    call_command("migrate", interactive=False, verbosity=0, stdout=io.StringIO())
    if founding.is_founded():
        raise terminal.CommandError(
            "本市已初始化。需要新的管理员链接时运行：tongchou access link 工号",
            "this city has been initialised; for a new administrator's link run: tongchou access link WORK_NUMBER",
        )
    path = city_path(args.city or ask("城市区划代码（如 5104）/ city code: ", "--city"))
    name = args.name or (areas.find(path) and areas.name_of(path)) or ("" if args.divisions else ask("城市名称 / city name: ", "--name"))
    with transaction.atomic():
        divisions = load_divisions(args, path, name)
        made = founding.found_city(city_path=path, by=SYSTEM)
    posts = Post.objects.count()
    links = {one.username: args.address.rstrip("/") + reverse("one-time-link", args=[one.secret]) for one in made}
    data = {"city": path, "divisions": divisions, "posts": posts, "links": links, "hours": LINK_HOURS}
    args.say(data, _told(areas.name_of(path), data))
    return 0


def ask(question: str, option: str) -> str:
    """An answer from the keyboard; without one, the option to write."""
    if not sys.stdin.isatty():
        raise terminal.UsageError(f"请写明 {option}", f"write {option}")
    return input(question).strip()


def city_path(code: str) -> str:
    """The path of a city's code, 4 to 12 digits."""
    path = areas.path_of(code)
    if areas.level_of(path) != "city":
        raise terminal.UsageError(
            f"{code} 不是地级市代码，请写 4 位代码，如 5104", f"{code} is no code of a city; write its 4 digits, e.g. 5104"
        )
    return path


def load_divisions(args: argparse.Namespace, path: str, name: str) -> int:
    """Take in the file, or the city alone; a file with any rejected row is not taken in."""
    if args.divisions is None:
        result = import_divisions(rows=[{"code": path, "name": name}], valid_from_on=args.valid_from, source="tongchou init", by=SYSTEM.by)
    else:
        if not args.divisions.is_file():
            raise terminal.UsageError(f"没有文件 {args.divisions}", f"there is no file {args.divisions}")
        result = import_divisions(
            file=args.divisions.read_bytes(), valid_from_on=args.valid_from, source=args.divisions.name, by=SYSTEM.by
        )
    if result.refused or result.rejected:
        first = result.reasons[0]
        raise terminal.CommandError(
            f"区划没有导入：{result.rejected} 行有误，第一处在第 {first.row} 行：{first.zh}",
            f"the divisions were not loaded: {result.rejected} rows are wrong, the first is line {first.row}: {first.en}",
        )
    if areas.find(path) is None:
        raise terminal.CommandError(f"区划文件里没有城市 {path}", f"the file of divisions lacks the city {path}")
    return result.rows


def _told(name: str, data: dict[str, object]) -> str:
    links = data["links"]
    lines = [
        f"{name}已建立：{data['divisions']} 个区划，{data['posts']} 个岗位",
        f"{name} is founded: {data['divisions']} divisions, {data['posts']} posts",
        "",
        f"两位管理员的一次性链接，{LINK_HOURS} 小时内有效，只显示这一次 / one-time links, valid for {LINK_HOURS} hours, shown this once:",
        *(f"  {username}  {link}" for username, link in links.items()),  # type: ignore[attr-defined]
        "",
        "请交给两个不同的人 / hand them to two different people. 过期后 / once expired: tongchou access link 工号",
    ]
    return "\n".join(lines)
