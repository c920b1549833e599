"""What stands around every page: the city, the post, and a menu of what this post may open."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from django.urls import NoReverseMatch, reverse
from django.utils.translation import get_language, pgettext
from django.utils.translation import gettext as _

from tongchou import areas, notices
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.ledger import registry

#: the bell shows "99+" above this, so it never counts further
MOST_COUNTED = 100


@dataclass(frozen=True)
class Link:
    url: str
    label: str
    icon: str
    current: bool = False


@dataclass(frozen=True)
class Group:
    label: str
    links: list[Link]


def menu(actor: Actor, path: str) -> list[Group]:
    """Groups of links that this actor may open; the one whose address holds ``path`` longest is current."""
    groups = [Group("", list(_pages(actor))), *_ledgers(actor)]
    best = max((link.url for group in groups for link in group.links if _holds(link.url, path)), key=len, default="")
    return [
        Group(group.label, [Link(link.url, link.label, link.icon, link.url == best) for link in group.links])
        for group in groups
        if group.links
    ]


def unread(actor: Actor) -> int:
    """Unread notices of the post, counted up to ``MOST_COUNTED``."""
    if not actor.post_id:
        return 0
    return len(notices.inbox([actor.post_id]).filter(read_at=None).values_list("pk", flat=True)[:MOST_COUNTED])


def city_name() -> str:
    """The name of the city, or of the first where the tree holds several; empty before divisions are imported."""
    cities = areas.below("", level="city")
    return cities[0].name if cities else ""


def purpose_name(actor: Actor) -> str:
    words = permissions.table().purposes.get(actor.purpose, {})
    return words.get("en" if (get_language() or "").startswith("en") else "zh", "")


def link_to(route: str, actor: Actor, label: str, icon: str) -> Iterator[Link]:
    """One link, or none: where the route is not served in this run, or this actor may not open it."""
    try:
        url = reverse(route)
    except NoReverseMatch:
        return
    if permissions.may_open(actor, route):
        yield Link(url, label, icon)


def _pages(actor: Actor) -> Iterator[Link]:
    yield from link_to("home", actor, _("我的工作"), "check2-square")
    yield from link_to("field", actor, _("今日走访"), "phone")
    yield from link_to("wall", actor, _("指挥大屏"), "easel2")
    yield from link_to("notices", actor, pgettext("list", "通知"), "bell")


def _ledgers(actor: Actor) -> list[Group]:
    names = {
        "epidemic": _("疫情"), "supervision": _("督办"), "people": _("人口与户"), "city": _("城市"), "house": _("管理"),
    }  # fmt: skip
    groups: dict[str, list[Link]] = {name: [] for name in names}
    groups["epidemic"] += link_to("case-report", actor, _("登记病例"), "clipboard-plus")
    groups["epidemic"] += [*link_to("outlook", actor, _("疫情研判"), "activity"), *link_to("zones", actor, _("分级研判"), "map"), *link_to("day-brief", actor, _("每日运行"), "calendar-check")]
    groups["epidemic"] += link_to("scenarios", actor, _("情景推演"), "sliders")
    groups["supervision"] += link_to("task-board", actor, _("督办看板"), "speedometer2")
    groups["city"] += link_to("area-map", actor, _("区划图"), "hexagon")
    groups["house"] += [
        *link_to("rulebook", actor, _("规则库"), "journal-check"),
        *link_to("organisation", actor, _("组织体系"), "diagram-3"),
        *link_to("accounts", actor, _("账户"), "people"),
        *link_to("phones", actor, _("手机绑定"), "phone"),
        *link_to("tokens", actor, _("接口令牌"), "plug"),
        *link_to("personal-fields", actor, _("个人信息字段"), "incognito"),
        *link_to("audit-trail", actor, _("审计记录"), "journal-text"),
        *link_to("permission-table", actor, _("权限表"), "shield-check"),
    ]
    groups["people"] += link_to("duplicates", actor, _("疑似重复人员"), "people")
    for ledger in registry.every():
        name = ledger.menu[0]
        if name and permissions.may(actor, ledger.key, "list"):
            url = reverse("ledger-list", kwargs={"key": ledger.key})
            groups.setdefault(str(name), []).append(Link(url, str(ledger.label), ICONS.get(ledger.key, "table")))
    return [Group(names.get(name, name), links) for name, links in groups.items()]


def _holds(url: str, path: str) -> bool:
    return path == url or (url != "/" and path.startswith(url))


ICONS = {
    "outbreak": "virus", "area": "geo-alt", "place": "building", "post": "person-badge", "responsibility": "link-45deg",
    "user": "person-gear", "person": "person", "household": "house-door", "case": "clipboard2-pulse", "task": "list-check",
    "rule": "journal-text", "zone_decision": "map", "job": "gear", "audit": "shield-check", "clock": "stopwatch",
    "grid": "grid-3x3-gap", "import": "box-arrow-in-down", "visit": "signpost",
}  # fmt: skip
