"""A cast of named people on the small city: at least one for every role, with a neighbour of the same role elsewhere.

East (东山区 510402) is the own area, West (西山区 510403) the other. Every staff member has a second
factor; nobody has a password unless a test gives one.

    from tests.cast import gather
    cast = gather()                     # needs the database
    cast.actor("secretary")             # tongchou.access.actor.Actor
    client = cast.client("secretary")   # a signed-in django.test.Client
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.test import Client

from tongchou.access.actor import Actor
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.roles import WITHOUT_SECOND_FACTOR, Role
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.models import Area
from tongchou.audit import By

from tests.areas.small_city import SMALL_CITY

CITY, EAST, WEST = "5104", "510402", "510403"
TOWNSHIP, VILLAGE, OTHER_VILLAGE, WEST_VILLAGE = "510402001", "510402001001", "510402001002", "510403001001"
TOTP_SECRET = "JBSWY3DPEHPK3PXP"
BACKEND = "allauth.account.auth_backends.AuthenticationBackend"

# key: (user's name, post's name, role, area, key of the post above)
PEOPLE: dict[str, tuple[str, str, str, str, str]] = {
    "command": ("钟帅", "市指挥部", Role.COMMAND, CITY, ""),
    "office": ("方文", "市指挥部办公室", Role.OFFICE, CITY, "command"),
    "department": ("纪局", "市经信局", Role.DEPARTMENT, CITY, "command"),
    "leader": ("林联", "挂联领导一号", Role.LEADER, CITY, "command"),
    "cdc_city": ("陈疾", "市疾控中心", Role.CDC_CITY, CITY, "command"),
    "east": ("董区", "东山区指挥部", Role.COMMAND, EAST, "command"),
    "cdc_east": ("岑东", "东山区疾控", Role.CDC_DISTRICT, EAST, "cdc_city"),
    "hospital": ("贺医", "东山区医院", Role.HOSPITAL, EAST, "cdc_east"),
    "lab": ("黎验", "东山区检测所", Role.LAB, EAST, "cdc_east"),
    "quarantine": ("耿离", "东山区隔离点", Role.QUARANTINE, EAST, "east"),
    "enterprise": ("齐业", "东山钢铁厂", Role.ENTERPRISE, EAST, "east"),
    "street": ("施街", "河口街道书记", Role.SECRETARY, TOWNSHIP, "east"),
    "secretary": ("苏村", "一村书记", Role.SECRETARY, VILLAGE, "street"),
    "grid": ("葛网", "一村网格员", Role.GRID, VILLAGE, "secretary"),
    "checkpoint": ("柯卡", "一村卡点", Role.CHECKPOINT, VILLAGE, "secretary"),
    "resident": ("蒲民", "一村居民", Role.PUB, VILLAGE, "secretary"),
    "west": ("习区", "西山区指挥部", Role.COMMAND, WEST, "command"),
    "cdc_west": ("岑西", "西山区疾控", Role.CDC_DISTRICT, WEST, "cdc_city"),
    "secretary_west": ("孙村", "上村书记", Role.SECRETARY, WEST_VILLAGE, "west"),
    "grid_west": ("郭网", "上村网格员", Role.GRID, WEST_VILLAGE, "secretary_west"),
    "sys_admin": ("石系", "系统管理", Role.SYS_ADMIN, CITY, ""),
    "sec_admin": ("安全", "安全管理", Role.SEC_ADMIN, CITY, ""),
    "auditor": ("沈计", "审计", Role.AUDITOR, CITY, ""),
    "machine": ("季接", "省平台接口", Role.API, CITY, ""),
}


@dataclass
class Cast:
    """``users`` and ``posts`` by key."""

    users: dict[str, User] = field(default_factory=dict)
    posts: dict[str, Post] = field(default_factory=dict)

    def actor(self, key: str, purpose: str = "") -> Actor:
        return Actor.of_post(self.posts[key], self.users[key], purpose)

    def client(self, key: str) -> Client:
        """A client signed in as this person, as if by password and second factor."""
        client = Client()
        client.force_login(self.users[key], backend=BACKEND)
        return client

    def add(self, key: str, name: str) -> User:
        """One more user without a post."""
        self.users[key] = User.objects.create(username=key, name=name, password="!")
        return self.users[key]


def gather() -> Cast:
    """The small city, loaded where it is not there yet, and everybody in it."""
    if not Area.objects.filter(path=CITY).exists():
        import_divisions(
            file=SMALL_CITY.encode(), valid_from_on=date(2019, 1, 1), source="invented", by=By(post="SYS_ADMIN-1", name="测试员")
        )
    cast = Cast()
    for key, (name, post_name, role, area, above) in PEOPLE.items():
        cast.users[key] = User(username=key, name=name, password="!")
        cast.posts[key] = Post(
            code=key.upper(), name=post_name, role=role, area_path=area, parent=cast.posts[above] if above else None,
            scope_kind="self" if role == Role.PUB else "area",
        )
    User.objects.bulk_create(cast.users.values())
    Post.objects.bulk_create(cast.posts.values())
    PostHolding.objects.bulk_create(PostHolding(user=cast.users[key], post=cast.posts[key]) for key in PEOPLE)
    staff = [cast.users[key] for key in PEOPLE if PEOPLE[key][2] not in WITHOUT_SECOND_FACTOR]
    Authenticator.objects.bulk_create(_second_factor(user) for user in staff)
    return cast


def add_second_factor(user: User) -> None:
    """One more person with the second factor that staff must have."""
    _second_factor(user).save()


def _second_factor(user: User) -> Authenticator:
    return Authenticator(user=user, type=Authenticator.Type.TOTP, data={"secret": get_adapter().encrypt(TOTP_SECRET)})
