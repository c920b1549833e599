"""``tongchou screenshots``: pictures of a running demo for the README, made with Chromium. For developers only."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tongchou import env
from tongchou.cli import terminal

NAME = "screenshots"
HELP_ZH = "给正在运行的演示城市拍页面图（开发用，需要 Playwright 和 Chromium）"
HELP_EN = "take pictures of the pages of a running demo city (for developers; needs Playwright and Chromium)"
DJANGO = False
JSON = {"file": "图片文件 / picture file", "page": "页面地址 / address of the page", "width": "宽（像素）/ width in pixels",
        "height": "高（像素）/ height in pixels"}  # fmt: skip

FOLDER = env.ROOT / "docs" / "images"
SIGN_INS = "demo-sign-ins.json"
CHROMIUM = Path("/usr/bin/chromium")


@dataclass(frozen=True)
class Picture:
    """One page as one demo user sees it. ``scheme`` is light or dark, ``lang`` zh-CN or en."""

    name: str
    user: str
    path: str
    width: int
    height: int
    scheme: str = "light"
    lang: str = "zh-CN"
    prepare: Callable[[Any], None] | None = None
    """what is done on the page first"""


def compare(page: Any) -> None:
    """The comparison of step 8 of docs/tour.md, asked for on its page and waited for until its figures are there."""
    page.wait_for_selector("#plan")
    for name, value in COMPARISON.items():
        page.fill(f"#id_{name}", value)
    page.click("#plan button[value=run]")
    page.wait_for_selector("#progress, #verdict", state="attached")
    page.wait_for_selector("#verdict", state="attached", timeout=PATIENCE_MS)
    page.wait_for_load_state("networkidle")
    page.wait_for_selector(".scenario-chart[data-drawn]")


COMPARISON = {"people": "20000", "replicates": "10", "beds": "60"}
PATIENCE_MS = 10 * 60_000


PICTURES = (
    Picture("wall", "zhihui", "/wall/", 1920, 1080, "dark"),
    Picture("wall-en", "zhihui", "/wall/", 1920, 1080, "dark", "en"),
    Picture("wall-county", "zhihui", "/wall/area/510402/", 1440, 900, "dark"),
    Picture("my-work", "zhihui", "/", 1440, 900),
    Picture("my-work-dark", "zhihui", "/", 1440, 900, "dark", "en"),
    Picture("my-work-phone", "zhihui", "/", 390, 844),
    Picture("levels", "zhihui", "/zones/", 1440, 900),
    Picture("tour-scenario", "zhihui", "/wall/scenarios/new/", 1280, 860, "dark", prepare=compare),
    Picture("phone", "wangge", "/field/", 390, 844),
    Picture("phone-dark", "wangge", "/field/", 390, 844, "dark"),
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--url", default="http://127.0.0.1:8000", help="演示的地址 / address of the running demo")
    parser.add_argument("--data", metavar="DIR", type=Path, help="演示的数据文件夹 / data folder of the demo (var/demo)")
    parser.add_argument("--out", metavar="DIR", type=Path, default=FOLDER, help="图片放在哪里 / where the pictures go")
    parser.add_argument("--only", metavar="NAME", action="append", help="只拍这几张 / only these pictures")


def run(args: argparse.Namespace) -> int:
    chosen = [picture for picture in PICTURES if not args.only or picture.name in args.only]
    if not chosen:
        names = ", ".join(picture.name for picture in PICTURES)
        raise terminal.UsageError(f"没有这张图，可选：{names}", f"there is no such picture; choose from: {names}")
    passwords = read_sign_ins(args.data or Path(os.environ.get("TONGCHOU_DATA", env.ROOT / "var" / "demo")))
    missing = sorted({picture.user for picture in chosen} - set(passwords))
    if missing:
        raise terminal.CommandError(f"演示里没有账号 {', '.join(missing)}", f"the demo has no sign-in {', '.join(missing)}")
    args.out.mkdir(parents=True, exist_ok=True)
    made = []
    for picture, file in _take(chosen, passwords, args.url.rstrip("/"), args.out):
        args.say.progress(f"{picture.name}：{file}", f"{picture.name}: {file}")
        made.append({"file": str(file), "page": picture.path, "width": picture.width, "height": picture.height})
    args.say(made, f"已拍 {len(made)} 张 / {len(made)} pictures taken")
    return 0


def read_sign_ins(folder: Path) -> dict[str, str]:
    """{user name: password} of the demo in ``folder``. Raises CommandError where there is none."""
    file = folder / SIGN_INS
    if not file.exists():
        raise terminal.CommandError(
            f"{folder} 不是演示的数据文件夹（没有 {SIGN_INS}）：请先运行 tongchou demo，或用 --data 指明",
            f"{folder} is no data folder of a demo (it has no {SIGN_INS}): run tongchou demo first, or name it by --data",
        )
    return {row["username"]: row["password"] for row in json.loads(file.read_text(encoding="utf-8"))}


def _take(pictures: list[Picture], passwords: dict[str, str], url: str, out: Path) -> Iterator[tuple[Picture, Path]]:
    # Playwright is a development dependency: the product runs without it, and the command says so where it is missing.
    if importlib.util.find_spec("playwright") is None:
        raise terminal.CommandError(
            "没有安装 Playwright：这是开发用的命令，请安装 requirements/dev.in", "Playwright is not installed: install requirements/dev.in"
        )
    sync_playwright = importlib.import_module("playwright.sync_api").sync_playwright
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=str(CHROMIUM) if CHROMIUM.exists() else None, args=["--no-sandbox", "--disable-gpu"]
        )
        doors: dict[str, Any] = {}
        for picture in pictures:
            if picture.user not in doors:
                doors[picture.user] = _sign_in(browser, url, picture.user, passwords[picture.user])
            yield picture, _photograph(browser, url, picture, doors[picture.user], out)
        browser.close()


def _sign_in(browser: Any, url: str, user: str, password: str) -> Any:
    """The cookies of a signed-in session."""
    context = browser.new_context(base_url=url, locale="zh-CN")
    page = context.new_page()
    try:
        page.goto("/account/login/", timeout=15_000)
    except Exception as error:
        raise terminal.CommandError(f"打不开 {url}：请先运行 tongchou demo", f"{url} does not answer: run tongchou demo first") from error
    page.fill("input[name=login]", user)
    page.fill("input[name=password]", password)
    page.click("main button[type=submit]")
    page.wait_for_load_state("load")
    if "/account/" in page.url:
        raise terminal.CommandError(f"账号 {user} 登录没有成功：{page.url}", f"{user} could not sign in: {page.url}")
    state = context.storage_state()
    context.close()
    return state


def _photograph(browser: Any, url: str, picture: Picture, state: Any, out: Path) -> Path:
    context = browser.new_context(
        base_url=url, storage_state=state, locale=picture.lang, timezone_id="Asia/Shanghai", color_scheme=picture.scheme,
        viewport={"width": picture.width, "height": picture.height}, device_scale_factor=2 if picture.width < 600 else 1,
        is_mobile=picture.width < 600, has_touch=picture.width < 600, reduced_motion="reduce",
    )  # fmt: skip
    page = context.new_page()
    page.goto(picture.path)
    page.wait_for_load_state("networkidle")
    if picture.prepare:
        picture.prepare(page)
    if page.locator("#curve-chart").count():
        page.wait_for_selector("#curve-chart[data-drawn]")
    file = out / f"{picture.name}.png"
    page.screenshot(path=str(file))
    context.close()
    return file
