"""A test run keeps its data in a folder of its own and runs on either database.

``TONGCHOU_TEST_DATABASE=sqlite|postgres`` chooses the database; for PostgreSQL a throw-away cluster
is started unless ``TONGCHOU_DATABASE_URL`` names a server. ``TONGCHOU_REQUIRE=postgres,chromium``
turns what is missing from a skip into a failure (CI sets it).
"""

from __future__ import annotations

import os
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(path) for path in (ROOT / "src", ROOT) if str(path) not in sys.path]

import django  # noqa: E402
from django.conf import settings  # noqa: E402

from tongchou.cli import messages  # noqa: E402

from tests import servers  # noqa: E402

REQUIRED = {word for word in os.environ.get("TONGCHOU_REQUIRE", "").split(",") if word}
IS_WORKER = "PYTEST_XDIST_WORKER" in os.environ
SIZES = {"desktop": {"width": 1440, "height": 900}, "phone": {"width": 390, "height": 844}}

_made: list[Path] = []
_cluster: servers.Cluster | None = None


def _choose_data() -> None:
    """One folder to one database: a worker of xdist has its own, inside that of the run that started it."""
    if IS_WORKER:
        folder = Path(os.environ["TONGCHOU_DATA"]) / os.environ["PYTEST_XDIST_WORKER"]
        folder.mkdir()
    else:
        folder = Path(tempfile.mkdtemp(prefix="tongchou-test-"))
        _made.append(folder)
    (folder / "static").mkdir()
    os.environ["TONGCHOU_DATA"] = str(folder)


def _choose_database() -> None:
    global _cluster
    chosen = os.environ.setdefault("TONGCHOU_TEST_DATABASE", "sqlite")
    if chosen not in ("sqlite", "postgres"):
        raise pytest.UsageError(f"TONGCHOU_TEST_DATABASE={chosen!r}: write sqlite or postgres")
    if chosen == "sqlite":
        os.environ["TONGCHOU_DATABASE_URL"] = ""
    elif not os.environ.get("TONGCHOU_DATABASE_URL"):
        try:
            _cluster = servers.Cluster()
            os.environ["TONGCHOU_DATABASE_URL"] = _cluster.start()
        except servers.NoPostgres as reason:
            raise pytest.UsageError(f"TONGCHOU_TEST_DATABASE=postgres: {reason}") from reason


_choose_data()
_choose_database()
if not IS_WORKER:
    messages.compile_catalogues()
os.environ["DJANGO_SETTINGS_MODULE"] = "tongchou.settings"
django.setup()


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_setupnodes() -> None:
    """A worker that inherits the name of the settings has them read before it could choose its folder."""
    os.environ.pop("DJANGO_SETTINGS_MODULE", None)


def pytest_unconfigure() -> None:
    if _cluster is not None:
        _cluster.stop()
    for folder in _made:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def django_db_modify_db_settings(request: pytest.FixtureRequest) -> None:
    """On SQLite a real file: WAL, IMMEDIATE and threads behave in memory as they never do in a city."""
    if os.environ["TONGCHOU_TEST_DATABASE"] == "sqlite":
        name = Path(os.environ["TONGCHOU_DATA"]) / "test.sqlite3"
        settings.DATABASES["default"].setdefault("TEST", {})["NAME"] = str(name)
    request.getfixturevalue("django_db_modify_db_settings_parallel_suffix")


def need(what: str, there: bool, how: str) -> None:
    """Skip where a part of the machine is missing, or fail where the run requires it."""
    if there:
        return
    if what in REQUIRED:
        pytest.fail(f"{what} is required by TONGCHOU_REQUIRE and missing: {how}", pytrace=False)
    pytest.skip(f"no {what}: {how}")


@pytest.fixture(scope="session")
def browser() -> Iterator[Any]:
    """Chromium with an empty profile, one for the session."""
    need("chromium", servers.CHROMIUM.exists(), "apt-get install chromium fonts-noto-cjk")
    from playwright.sync_api import sync_playwright  # a dev dependency that only browser tests pay for

    # Playwright's loop runs in this thread, and Django takes any running loop for asynchronous code.
    os.environ["DJANGO_ALLOW_ASYNC_UNSAFE"] = "1"
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(
            executable_path=str(servers.CHROMIUM),
            args=["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
        )
        yield chromium
        chromium.close()


@pytest.fixture
def open_page(browser: Any, live_server: Any) -> Iterator[Callable[..., Any]]:
    """``open_page("desktop" | "phone", **context)`` gives a page of that size on the live server.

    The page's own errors are collected in ``page.faults`` (exceptions and console errors, CSP reports among
    them); assert that the list is empty where a page must run clean.
    """
    contexts = []

    def opened(size: str = "desktop", **options: Any) -> Any:
        context = browser.new_context(
            viewport=SIZES[size],
            is_mobile=size == "phone",
            has_touch=size == "phone",
            base_url=live_server.url,
            locale=options.pop("locale", "zh-CN"),
            timezone_id="Asia/Shanghai",
            **options,
        )
        context.base = live_server.url
        contexts.append(context)
        page = context.new_page()
        page.faults = []
        page.on("pageerror", lambda error: page.faults.append(str(error)))
        page.on("console", lambda line: page.faults.append(line.text) if line.type == "error" else None)
        return page

    yield opened
    for context in contexts:
        context.close()
