"""Posts of the city, from the command to the grid, each with an invented holder; demo sign-ins for the roles."""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from django.conf import settings
from django.contrib.auth.hashers import make_password

from demo.loading import marks
from demo.loading.ground import DemoBroken
from demo.loading.plan import Plan, short_name
from demo.synthesis.names import draw_given_names, draw_surnames
from tongchou import audit, citytime
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post, PostHolding, User
from tongchou.access.roles import Role
from tongchou.places.models import GridCell, Place

SIGN_INS = "demo-sign-ins.json"


@dataclass(frozen=True)
class Draft:
    """A post to be made. ``site`` is the number of the place that it works in."""

    code: str
    name: str
    role: Role
    area: str
    parent: str = ""
    site: str = ""
    scope: str = "area"


def drafts(plan: Plan) -> Iterator[Draft]:
    """All posts, those above before those below."""
    city = plan.city
    name = plan.names[city]
    yield Draft(f"{city}-COMMAND", f"{name}应急指挥部", Role.COMMAND, city)
    yield Draft(f"{city}-OFFICE", f"{name}指挥部办公室", Role.OFFICE, city, f"{city}-COMMAND")
    for key, label in plan.settings["departments"].items():
        yield Draft(f"{city}-{key}", label, Role.DEPARTMENT, city, f"{city}-OFFICE")
    yield Draft(f"{city}-CDC", f"{name}疾控中心", Role.CDC_CITY, city, f"{city}-OFFICE")
    yield Draft(f"{city}-LEADER", "挂联市领导", Role.LEADER, city, f"{city}-COMMAND", scope="object")
    yield Draft(f"{city}-HOSPITAL", "市定点医院", Role.HOSPITAL, city, f"{city}-HEALTH", f"{city}-hospital-001", "site")
    yield Draft(f"{city}-LAB", "市核酸检测实验室", Role.LAB, city, f"{city}-CDC", f"{city}-laboratory-001", "site")
    yield Draft(f"{city}-RESIDENT", "居民", Role.PUB, city, scope="self")
    for code, label, role in (
        ("SYS", "系统管理员", Role.SYS_ADMIN), ("SEC", "安全管理员", Role.SEC_ADMIN), ("AUD", "审计员", Role.AUDITOR),
    ):  # fmt: skip
        yield Draft(f"{city}-{code}", label, role, city)
    for county in plan.paths("county"):
        yield from _county(plan, county)


def _county(plan: Plan, county: str) -> Iterator[Draft]:
    name, city = plan.names[county], plan.city
    office = f"{county}-OFFICE"
    yield Draft(office, f"{name}指挥部办公室", Role.OFFICE, county, f"{city}-OFFICE")
    yield Draft(f"{county}-CDC", f"{name}疾控中心", Role.CDC_DISTRICT, county, office)
    yield Draft(f"{county}-HOSPITAL", f"{name}人民医院", Role.HOSPITAL, county, f"{city}-HEALTH", f"{county}-hospital-001", "site")
    yield Draft(f"{county}-QUARANTINE", f"{name}集中隔离点", Role.QUARANTINE, county, office, f"{county}-isolation_site-001", "site")
    yield Draft(f"{county}-ENTERPRISE", f"{name}第一工厂", Role.ENTERPRISE, county, f"{city}-INDUSTRY", f"{county}-factory-001", "site")
    yield Draft(f"{county}-CHECKPOINT", f"{name}公路检查站", Role.CHECKPOINT, county, office, f"{county}-checkpoint-001", "site")
    grids = {grid.village: grid for grid in plan.grids}
    for township in plan.paths("township", county):
        yield Draft(f"{township}-SEC", f"{plan.names[township]}书记", Role.SECRETARY, township, office)
        for village in plan.paths("village", township):
            yield Draft(f"{village}-SEC", f"{short_name(plan.names[village])}书记", Role.SECRETARY, village, f"{township}-SEC")
            if village in grids:
                grid = grids[village]
                yield Draft(f"{grid.path}-GRID", f"{grid.name}网格员", Role.GRID, grid.path, f"{village}-SEC")


def load_posts(plan: Plan) -> None:
    """Posts, holders and the grid workers' cells. Holders' names are invented; none of them can sign in yet."""
    if marks.done("posts"):
        return
    from_on = plan.settings["valid_from_on"]
    with marks.step("posts") as rows:
        posts = _make_posts(plan, from_on)
        people = _make_holders(plan, list(posts.values()), from_on)
        for cell in GridCell.objects.all():
            cell.worker_post_id = str(posts[f"{cell.area_path}-GRID"].pk)
            cell.save(update_fields=["worker_post_id"])
        rows += [len(posts), len(people)]


def _make_posts(plan: Plan, from_on) -> dict[str, Post]:
    sites = dict(Place.objects.filter(invented=True).values_list("place_no", "pk"))
    posts: dict[str, Post] = {}
    for draft in drafts(plan):
        post = Post(
            code=draft.code,
            name=draft.name,
            role=draft.role.value,
            scope_kind=draft.scope,
            area_path=draft.area,
            scope_value=str(_site(sites, draft)) if draft.site else "",
            parent=posts[draft.parent] if draft.parent else None,
            active_from_on=from_on,
        )
        posts[draft.code] = post
    Post.objects.bulk_create(posts.values(), batch_size=500)
    audit.record_many(
        [audit.Event("create_post", "post", str(p.pk), SYSTEM.by, p.area_path, {"code": ["", p.code]}) for p in posts.values()]
    )
    return posts


def _site(sites: dict[str, object], draft: Draft) -> object:
    if draft.site not in sites:
        raise DemoBroken(
            f"岗位 {draft.code} 的场所 {draft.site} 不在 city.toml 中", f"the site {draft.site} of {draft.code} is not in city.toml"
        )
    return sites[draft.site]


def _make_holders(plan: Plan, posts: list[Post], from_on) -> list[User]:
    chance = np.random.Generator(np.random.PCG64(np.random.SeedSequence([plan.seed, 4])))
    sex = chance.integers(0, 2, len(posts))
    names = np.char.add(draw_surnames(len(posts), chance), draw_given_names(sex, chance)).tolist()
    now = citytime.now()
    users = [
        # "!" is Django's mark of a password that nothing matches.
        User(username=post.code.lower(), name=name, active_from_on=from_on, created_at=now, password="!")  # noqa: S106
        for post, name in zip(posts, names, strict=True)
    ]
    User.objects.bulk_create(users, batch_size=500)
    holdings = [PostHolding(user=user, post=post, from_on=from_on) for user, post in zip(users, posts, strict=True)]
    PostHolding.objects.bulk_create(holdings, batch_size=500)
    audit.record_many(
        [
            audit.Event("appoint", "post", str(held.post_id), SYSTEM.by, held.post.area_path, {"user": ["", str(held.user_id)]})
            for held in holdings
        ]
    )
    return users


def sign_in_rows(plan: Plan) -> list[tuple[str, str]]:
    """(user name, post code) of the demo sign-ins."""
    grid = plan.grids[0]
    words = {"grid": grid.path, "village": grid.village, "township": grid.village[:9]}
    return [(row["username"], row["post"].format(**words)) for row in plan.settings["signins"]]


def open_sign_ins(plan: Plan) -> None:
    """Give one user of each role a name to sign in with and this folder's demo password.

    The password is drawn once for the data folder and kept in a file that its owner alone can read.

    Raises:
        DemoBroken: outside a demo city; no default account exists elsewhere.
    """
    if not settings.DEMO:
        raise DemoBroken("只有演示城市才有演示账号（TONGCHOU_DEMO=1）", "only a demo city has demo sign-ins (TONGCHOU_DEMO=1)")
    if marks.done("sign-ins"):
        return
    password = f"tongchou-{secrets.randbelow(10**6):06d}"
    hashed = make_password(password)
    shown = []
    with marks.step("sign-ins") as rows:
        for username, code in sign_in_rows(plan):
            holding = PostHolding.objects.select_related("user", "post").get(post__code=code)
            holding.user.username, holding.user.password = username, hashed
            holding.user.save(update_fields=["username", "password"])
            shown.append({"username": username, "post": holding.post.name, "code": code, "password": password})
        _write_private(Path(settings.DATA) / SIGN_INS, json.dumps(shown, ensure_ascii=False, indent=1))
        rows.append(len(shown))


def sign_ins() -> list[dict[str, str]]:
    """The demo sign-ins of this data folder; empty outside a demo."""
    file = Path(settings.DATA) / SIGN_INS
    return json.loads(file.read_text(encoding="utf-8")) if settings.DEMO and file.exists() else []


def _write_private(file: Path, text: str) -> None:
    handle = os.open(file, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as stream:
        stream.write(text)
