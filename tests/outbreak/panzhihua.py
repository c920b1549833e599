"""Panzhihua's five counties with a village each, its posts, and an open outbreak: enough to work a case by hand.

Divisions are real codes and names (demo/facts/divisions.csv); the people and cases are invented.
"""

from __future__ import annotations

from datetime import date, datetime

from tongchou import citytime
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.areas.actions.division import import_divisions
from tongchou.audit import By
from tongchou.outbreak.actions.outbreak import draft_outbreak, open_outbreak
from tongchou.outbreak.models import Outbreak

CITY, EAST, WEST, RENHE, MIYI, YANBIAN = "5104", "510402", "510403", "510411", "510421", "510422"
COUNTIES = (EAST, WEST, RENHE, MIYI, YANBIAN)
DIVISIONS = """code,name
510400000000,攀枝花市
510402000000,东区
510402001000,大渡口街道
510402001001,临江路社区
510402002000,炳草岗街道
510402002001,湖光社区
510403000000,西区
510403001000,清香坪街道
510403001001,路南社区
510411000000,仁和区
510411001000,大河中路街道
510411001001,弯庄社区
510421000000,米易县
510421100000,攀莲镇
510421100001,城南社区
510422000000,盐边县
510422100000,桐子林镇
510422100001,金河社区
"""
VILLAGES = {
    EAST: "510402001001",
    WEST: "510403001001",
    RENHE: "510411001001",
    MIYI: "510421100001",
    YANBIAN: "510422100001",
}
# Census of 1 November 2020 (demo/facts/census_county.csv), persons.
PERSONS = {EAST: 411_427, WEST: 129_406, RENHE: 265_562, MIYI: 227_011, YANBIAN: 178_797}
CLERK = By(post="SYS_ADMIN-1", user="u1", name="测试员")


def noon(day: date) -> datetime:
    return citytime.at_hour(day, 12)


def at(month: int, day: int, hour: int = 12, minute: int = 0) -> datetime:
    return citytime.at_hour(date(2020, month, day), hour, minute)


def build_divisions() -> None:
    import_divisions(file=DIVISIONS.encode(), valid_from_on=date(2019, 1, 1), source="demo/facts", by=CLERK)


def build_posts() -> dict[str, Actor]:
    """The posts by code, as actors: city command, its office, city CDC, a CDC and a command post a county, a hospital."""
    command = Post.objects.create(code="COMMAND-5104", name="市指挥部", role="COMMAND", area_path=CITY)
    office = Post.objects.create(
        code="OFFICE-5104", name="市指挥部办公室", role="OFFICE", area_path=CITY, parent=command
    )
    city_cdc = Post.objects.create(code="CDC-5104", name="市疾控中心", role="CDC_CITY", area_path=CITY, parent=office)
    posts = [command, office, city_cdc]
    for county in COUNTIES:
        cdc = Post.objects.create(
            code=f"CDC-{county}", name=f"{county}疾控中心", role="CDC_DISTRICT", area_path=county, parent=city_cdc
        )
        posts.append(cdc)
        posts.append(
            Post.objects.create(
                code=f"COMMAND-{county}", name=f"{county}指挥部", role="COMMAND", area_path=county, parent=command
            )
        )
    posts.append(
        Post.objects.create(
            code="HOSPITAL-1", name="市中心医院", role="HOSPITAL", area_path=EAST, scope_kind="area", parent=city_cdc
        )
    )
    return {post.code: Actor.of_post(post) for post in posts}


def build_outbreak(**changes: str) -> Outbreak:
    """An open outbreak that counts from 1 January 2020; the clock must stand in 2020."""
    four = {
        "lead_post": "COMMAND-5104",
        "task_force": "市疫情应急专班",
        "plan": "攀疫指〔2020〕1号",
        "voice_post": "OFFICE-5104",
    }
    draft = draft_outbreak(
        code="CV5104",
        name="攀枝花新冠肺炎疫情",
        disease="covid-19",
        area_path=CITY,
        begins_on=date(2020, 1, 1),
        by=SYSTEM,
        **(four | changes),
    )
    return open_outbreak(outbreak=draft, by=SYSTEM)
