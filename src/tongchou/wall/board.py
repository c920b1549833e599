"""Everything that the wall shows of one area at one instant, put together from the rooms' queries."""

from __future__ import annotations

import hashlib
import json
from dataclasses import asdict, dataclass, field
from datetime import date, datetime

from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas, citytime, rulebook
from tongchou.access import permissions
from tongchou.access.actor import Actor
from tongchou.access.models import Post
from tongchou.bridge import counts
from tongchou.bridge.zero_clock import ZeroClock, city_clock, clocks_of
from tongchou.outbreak import reach
from tongchou.outbreak.models import Outbreak
from tongchou.outbreak.outlook_view import OutlookView, view_of
from tongchou.outbreak.queries.outlook import newest_outlook
from tongchou.wall.panels.curve import Curve, curve
from tongchou.wall.panels.figures import Figure, figures
from tongchou.wall.panels.hexmap import HexMap, hexmap, level_name
from tongchou.wall.panels.supervision import Supervision, supervision
from tongchou.wall.panels.zones import Row, Zones, zones
from tongchou.wall.zero import Strip, english, reopens, strip_of


@dataclass(frozen=True)
class Crumb:
    name: str
    url: str


@dataclass(frozen=True)
class Own:
    """The area itself: its zero-case clock, its level, what that level means by the rule, and its posts."""

    status: str
    strip: Strip
    zero_rule: str
    reopens: list[str]
    level: str
    level_from: str
    strategy: str
    measures: list[str]
    rule: str
    posts: list[str]
    village_url: str


@dataclass(frozen=True)
class Board:
    """``version`` changes when anything shown changes; without an outbreak only ``title`` is filled."""

    title: str
    path: str
    live_url: str
    outbreak: str = ""
    crumbs: list[Crumb] = field(default_factory=list)
    as_of: datetime | None = None
    data_at: datetime | None = None
    figures: list[Figure] = field(default_factory=list)
    map: HexMap | None = None
    curve: Curve | None = None
    zones: Zones | None = None
    #: what the night's run said of this area; None where it has not been computed (below the county it never is)
    outlook: OutlookView | None = None
    own: Own | None = None
    watched: Supervision | None = None
    #: whether this post may read the rulebook behind a level
    rules_open: bool = False
    version: str = ""


def current_outbreak() -> Outbreak | None:
    """The open outbreak; where several are, the one opened last."""
    return Outbreak.objects.filter(status=Outbreak.Status.OPEN).order_by("-opened_on", "-id").first()


def board_of(actor: Actor, outbreak: Outbreak | None, path: str) -> Board:
    """The board of one area now. Whether ``actor`` may see the area was asked before (``reach``)."""
    live_url = reverse("wall-live", kwargs={"path": path}) if path else ""
    if outbreak is None:
        return Board(title=areas.name_of(path) if path else _("指挥大屏"), path=path, live_url=live_url)
    now, day = citytime.now(), citytime.today()
    version = counts.data_version(outbreak)
    zero = _zero(outbreak, path, day)
    watched = supervision(actor, path, now)
    below = zones(outbreak, path, day)
    board = Board(
        title=areas.name_of(path),
        path=path,
        live_url=live_url,
        outbreak=outbreak.name,
        crumbs=_crumbs(actor, outbreak, path),
        as_of=now,
        data_at=version.changed_at,
        figures=figures(outbreak, path, day, zero, watched, version),
        map=hexmap(below, path),
        curve=curve(outbreak, path, day),
        zones=below,
        outlook=view_of(newest_outlook(outbreak, path, day)),
        own=None if path == outbreak.area_path else _own(outbreak, path, day, zero),
        watched=watched,
        rules_open=permissions.may_open(actor, "rules-detail"),
    )
    return _stamped(board)


def _stamped(board: Board) -> Board:
    shown = asdict(board) | {"as_of": None, "language": get_language()}
    digest = hashlib.sha256(json.dumps(shown, default=str, sort_keys=True).encode()).hexdigest()[:16]
    return Board(**{**{name: getattr(board, name) for name in board.__dataclass_fields__}, "version": digest})


def _crumbs(actor: Actor, outbreak: Outbreak, path: str) -> list[Crumb]:
    """The areas from the widest that this post sees down to the one shown."""
    top = reach.top_of(actor, outbreak.area_path)
    line = [one for one in (*areas.ancestors(path), path) if one.startswith(top)]
    if len(line) < 2:
        return []
    return [Crumb(areas.name_of(one), "" if one == path else reverse("wall-area", kwargs={"path": one})) for one in line]


def _zero(outbreak: Outbreak, path: str, day: date) -> ZeroClock:
    if path == outbreak.area_path:
        return city_clock(outbreak, day)
    return clocks_of(outbreak, day, [path], areas.level_of(path))[0]


def _own(outbreak: Outbreak, path: str, day: date, zero: ZeroClock) -> Own:
    strip = strip_of(zero)
    judged, row = _judged(outbreak, path, day)
    level = (row.decided or row.computed) if row else ""
    strategy, measures, rule = _measures(outbreak, judged, level, day)
    posts = Post.objects.filter(area_path=path).order_by("code")
    return Own(
        status=strip.label,
        strip=strip,
        zero_rule=zero.rule_version,
        reopens=reopens(zero),
        level=level,
        level_from=_level_from(judged, row),
        strategy=strategy,
        measures=measures,
        rule=rule,
        posts=[post.name for post in posts if post.in_force_on(day)],
        village_url=reverse("village", kwargs={"area_path": path}) if areas.level_of(path) == "village" else "",
    )


def _judged(outbreak: Outbreak, path: str, day: date) -> tuple[str, Row | None]:
    """The area itself or the nearest one above it that is graded, with its line of the zone table."""
    for one in (path, *reversed(areas.ancestors(path))):
        if one == outbreak.area_path:
            break
        table = zones(outbreak, areas.parent_of(one), day)
        row = next((row for row in table.rows if row.path == one), None)
        if table.judged and row is not None:
            return one, row
    return "", None


def _level_from(judged: str, row: Row | None) -> str:
    if row is None or not (row.decided or row.computed):
        return ""
    word = _("已决定") if row.decided else _("推算，尚无岗位决定")
    return _("%(area)s：%(level)s（%(how)s）") % {
        "area": areas.name_of(judged), "level": level_name(row.decided or row.computed), "how": word,
    }  # fmt: skip


def _measures(outbreak: Outbreak, judged: str, level: str, day: date) -> tuple[str, list[str], str]:
    """Strategy and measures of a level by the rule in force, in the reader's language; empty where there is no rule."""
    if not level:
        return "", [], ""
    try:
        answer = rulebook.at(day, area=judged, disease=outbreak.disease).get(f"zone.measures.{level}")
    except rulebook.NoRule:
        return "", [], ""
    side = "en" if english() else "zh"
    value = answer.value or {}
    texts = [measure["text"][side] for measure in value.get("measures", [])]
    return value.get("strategy", {}).get(side, ""), texts, answer.version
