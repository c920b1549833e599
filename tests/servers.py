"""Servers that a test run starts for itself and takes down again: nothing depends on a system service."""

from __future__ import annotations

import os
import pwd
import shutil
import subprocess
import tempfile
from pathlib import Path
from urllib.parse import quote

CHROMIUM = Path("/usr/bin/chromium")


class NoPostgres(Exception):
    """This machine has no PostgreSQL server program, or it would not start."""


def postgres_programs() -> Path | None:
    """The folder of the newest PostgreSQL server programs on this machine, or None."""
    debian = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: int(path.parts[4]))
    if debian:
        return debian[-1].parent
    found = shutil.which("initdb")
    return Path(found).resolve().parent if found else None


class Cluster:
    """A throw-away PostgreSQL cluster in a temporary folder, reached by a socket in that folder.

    PostgreSQL refuses to run as root, so where the tests run as root the cluster belongs to the
    account ``postgres`` that Debian's package makes.
    """

    def __init__(self) -> None:
        programs = postgres_programs()
        if programs is None:
            raise NoPostgres("PostgreSQL is not installed (apt-get install postgresql)")
        self.programs = programs
        self.home = Path(tempfile.mkdtemp(prefix="tongchou-pg-"))
        self.account: dict[str, object] = {}
        if os.geteuid() == 0:
            owner = pwd.getpwnam("postgres")
            os.chown(self.home, owner.pw_uid, owner.pw_gid)
            self.account = {"user": owner.pw_uid, "group": owner.pw_gid, "extra_groups": []}

    def _run(self, program: str, *words: str) -> None:
        done = subprocess.run(
            [str(self.programs / program), *words],
            cwd=self.home,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            stdin=subprocess.DEVNULL,
            text=True,
            env={"PATH": os.environ["PATH"], "HOME": str(self.home), "LC_ALL": "C.UTF-8"},
            **self.account,  # type: ignore[call-overload]
        )
        if done.returncode:
            raise NoPostgres(f"{program} failed:\n{done.stdout}")

    def start(self) -> str:
        """Make and start the cluster; its URL, with a database ``city``."""
        self._run("initdb", "--pgdata=data", "--username=city", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8", "-k")
        options = f"-c listen_addresses='' -c unix_socket_directories='{self.home}' -c shared_buffers=64MB -c max_connections=60"
        # The log goes to a file: pg_ctl's child would otherwise hold our pipe open for ever.
        self._run("pg_ctl", "start", "--pgdata=data", "--wait", "--log=log", f"--options={options}")
        self._run("createdb", f"--host={self.home}", "--username=city", "city")
        return f"postgresql://city@{quote(str(self.home), safe='')}/city"

    def stop(self) -> None:
        if (self.home / "data" / "postmaster.pid").exists():
            self._run("pg_ctl", "stop", "--pgdata=data", "--mode=immediate", "--wait")
        shutil.rmtree(self.home, ignore_errors=True)
