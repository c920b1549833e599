"""Every setting of the environment: one row each, with type, default and what it does.

``docs/operations.md`` lists this table and a test holds the two together.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import unquote, urlsplit

ROOT = Path(__file__).resolve().parents[2]
SQLITE_OLDEST = (3, 51, 3)  # the first release without the WAL-reset race (shared/reliability.md, trap 1)


@dataclass(frozen=True)
class Setting:
    name: str
    default: str
    help: str


SETTINGS = (
    Setting("TONGCHOU_DATA", str(ROOT / "var" / "city"), "folder of the city's data: database, keys, files, backups"),
    Setting("TONGCHOU_DATABASE_URL", "", "postgresql://user:password@host:port/name; empty means the embedded database in TONGCHOU_DATA"),
    Setting("TONGCHOU_BACKUP_KEY", "", "key file of the backups; empty means a file beside TONGCHOU_DATA, named like it with .backup-key"),
    Setting("TONGCHOU_TIMEZONE", "Asia/Shanghai", "the city's time zone: days are its calendar days"),
    Setting("TONGCHOU_CLOCK", "", "INSTANT@EPOCH: run the city's clock from another instant (demo, drills); empty means now"),
    Setting("TONGCHOU_DEMO", "0", "1 marks a demo city: invented people, demo sign-ins shown, notices go to a file"),
    Setting("TONGCHOU_HOSTS", "localhost,127.0.0.1,[::1]", "host names that the web server answers to, comma separated"),
    Setting("TONGCHOU_HTTPS", "0", "1 where the site is served by TLS: secure cookies, HSTS"),
    Setting("TONGCHOU_DEBUG", "0", "1 shows tracebacks in the browser; refused where TONGCHOU_HTTPS is 1"),
    Setting("TONGCHOU_SCENARIO_LIMIT", "400000000", "persons times simulations of one scenario comparison, at most: 1.2 million persons, two scenarios, 160 times"),
    Setting("TONGCHOU_MAIL_HOST", "", "SMTP host for notices by mail; empty switches mail off"),
    Setting("TONGCHOU_MAIL_PORT", "25", "SMTP port"),
    Setting("TONGCHOU_MAIL_FROM", "", "sender address of notices by mail"),
    Setting("TONGCHOU_GATEWAY_URL", "", "HTTP gateway that sends SMS or WeCom messages; empty switches it off"),
    Setting("TONGCHOU_GATEWAY_TOKEN", "", "bearer token for the HTTP gateway"),
)
_BY_NAME = {row.name: row for row in SETTINGS}


class SettingError(Exception):
    """A setting of the environment cannot be used as it stands."""


def text(name: str) -> str:
    return os.environ.get(name, _BY_NAME[name].default)


def flag(name: str) -> bool:
    value = text(name)
    if value not in ("0", "1"):
        raise SettingError(f"{name}={value!r}：请填 0 或 1 / write 0 or 1")
    return value == "1"


def number(name: str) -> int:
    try:
        return int(text(name))
    except ValueError:
        raise SettingError(f"{name}={text(name)!r}：请填整数 / write a whole number") from None


def require_sqlite(found: tuple[int, ...]) -> None:
    """Refuse an SQLite that can lose committed rows."""
    if found < SQLITE_OLDEST:
        here, oldest = ".".join(map(str, found)), ".".join(map(str, SQLITE_OLDEST))
        raise SettingError(
            f"SQLite {here} 可能丢失已提交的数据，需要 {oldest} 或更新：运行 python3 tong.py 重新安装 / "
            f"SQLite {here} can lose committed rows, {oldest} or newer is needed: run python3 tong.py to install it"
        )


def folder(name: str) -> Path:
    return Path(text(name)).expanduser().resolve()


def backup_key() -> Path:
    """The key file of the backups: outside the data folder, so that a stolen backup or folder is not its own key."""
    if text("TONGCHOU_BACKUP_KEY"):
        return folder("TONGCHOU_BACKUP_KEY")
    data = folder("TONGCHOU_DATA")
    return data.with_name(f"{data.name}.backup-key")


def postgres() -> dict[str, str] | None:
    """NAME, USER, PASSWORD, HOST and PORT of TONGCHOU_DATABASE_URL; None means the embedded database."""
    url = text("TONGCHOU_DATABASE_URL")
    if not url:
        return None
    parts = urlsplit(url)
    if parts.scheme not in ("postgresql", "postgres"):
        raise SettingError(f"TONGCHOU_DATABASE_URL：只支持 postgresql:// / only postgresql:// is known, not {parts.scheme}")
    try:
        port = str(parts.port or "")
    except ValueError:
        raise SettingError("TONGCHOU_DATABASE_URL：端口须为数字 / the port must be a number") from None
    return {
        "NAME": unquote(parts.path.lstrip("/")),
        "USER": unquote(parts.username or ""),
        "PASSWORD": unquote(parts.password or ""),
        "HOST": unquote(parts.hostname or ""),
        "PORT": port,
    }
