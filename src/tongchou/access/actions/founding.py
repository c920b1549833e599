"""The first posts of a city and its two administrators (``tongchou init``)."""

from __future__ import annotations

from dataclasses import dataclass

from django.db import transaction

from tongchou import areas, audit
from tongchou.access.actions import post as posts
from tongchou.access.actions import user as users
from tongchou.access.actor import Actor
from tongchou.access.errors import AccessError
from tongchou.access.models import Post, User
from tongchou.access.roles import Role

CITY_POSTS = (
    # code, name, role, code of the post above
    ("GROUP", "疫情防控领导小组", Role.COMMAND, ""),
    ("CMD", "市应急指挥部", Role.COMMAND, "GROUP"),
    ("OFF", "市应急指挥部办公室", Role.OFFICE, "CMD"),
    ("CDC", "市疾病预防控制中心", Role.CDC_CITY, "CMD"),
    ("SYS", "系统管理", Role.SYS_ADMIN, ""),
    ("SEC", "安全管理", Role.SEC_ADMIN, ""),
    ("AUD", "审计", Role.AUDITOR, ""),
)
ADMINISTRATORS = (("sysadmin", "系统管理员", "SYS"), ("secadmin", "安全管理员", "SEC"))


@dataclass(frozen=True)
class FirstAdministrator:
    """``secret`` is the tail of the one-time link, shown once."""

    username: str
    post_code: str
    secret: str


def is_founded() -> bool:
    """Whether this city has been initialised."""
    return Post.objects.filter(role=Role.SYS_ADMIN).exists()


@transaction.atomic
def found_city(*, city_path: str, by: Actor) -> list[FirstAdministrator]:
    """Make the posts of the three tiers over the divisions that are loaded, and the two administrators.

    Raises:
        AccessError: where the city has been initialised before.
    """
    if is_founded():
        raise AccessError(
            "already_founded", "本市已初始化。需要新的管理员链接时运行 tongchou access link 工号。",
            "This city has been initialised. For a new administrator's link run: tongchou access link WORK_NUMBER.",
        )
    _city_posts(city_path, by)
    found_divisions(city_path=city_path, by=by)
    return [_administrator(username, name, Post.objects.get(code=code), by) for username, name, code in ADMINISTRATORS]


def _city_posts(city_path: str, by: Actor) -> None:
    made: dict[str, Post] = {}
    for code, name, role, above in CITY_POSTS:
        made[code] = posts.create_post(code=code, name=name, role=role, area_path=city_path, parent=made.get(above), by=by)


@transaction.atomic
def found_divisions(*, city_path: str, by: Actor) -> int:
    """A command post and a disease control for every county, a secretary for every township and village.

    Divisions that have their post already are passed over, so this can be run again after an import.
    Returns the number of posts made.
    """
    have = set(Post.objects.values_list("code", flat=True))
    by_code = {post.code: post for post in Post.objects.filter(code__in=("CMD", "CDC"))}
    fresh: list[Post] = []
    for division in areas.below(city_path):
        for code, name, role, above in _posts_of(division.path, division.name):
            if code in have:
                continue
            parent = by_code.get(above) or Post.objects.filter(code=above).first()
            by_code[code] = Post(code=code, name=name, role=role, area_path=division.path, parent=parent)
            fresh.append(by_code[code])
    Post.objects.bulk_create(fresh, batch_size=500)
    audit.record("found_divisions", ledger="post", object_id="", by=by.by, area=city_path, count=len(fresh))
    return len(fresh)


def _posts_of(path: str, name: str) -> list[tuple[str, str, str, str]]:
    level = areas.level_of(path)
    above = areas.parent_of(path)
    if level == "county":
        return [
            (f"CMD-{path}", f"{name}应急指挥部", Role.COMMAND, "CMD"),
            (f"CDC-{path}", f"{name}疾病预防控制中心", Role.CDC_DISTRICT, "CDC"),
        ]
    if level == "township":
        return [(f"SEC-{path}", f"{name}书记", Role.SECRETARY, f"CMD-{above}")]
    if level == "village":
        return [(f"SEC-{path}", f"{name}书记", Role.SECRETARY, f"SEC-{above}")]
    return []


def _administrator(username: str, name: str, post: Post, by: Actor) -> FirstAdministrator:
    user = users.create_user(username=username, name=name, by=by)
    posts.appoint(post=post, user=user, by=by)
    return FirstAdministrator(username, post.code, users.reset_link(user=user, by=by).secret)


def administrator(username: str) -> User:
    """An administrator by work number, for a new link from the terminal.

    Raises:
        AccessError: for anyone who is no administrator: others get their link from one.
    """
    user = User.objects.filter(username=username, holdings__post__role__in=(Role.SYS_ADMIN, Role.SEC_ADMIN)).first()
    if user is None:
        raise AccessError(
            "no_administrator", f"{username} 不是系统管理员或安全管理员；其他人的链接由系统管理员在网页上生成。",
            f"{username} is no system or security administrator; others get their link from the system administrator's page.",
        )
    return user
