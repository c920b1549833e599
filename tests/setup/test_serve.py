"""``tongchou serve``: the real server as a process, plain and by TLS."""

from __future__ import annotations

import http.client
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509

from tongchou.cli import authority

from tests.architecture.source import ROOT
from tests.setup.conftest import Installation


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


# What the processes do with each other is the same on either database; one run of the suite is enough.
once = pytest.mark.skipif(os.environ["TONGCHOU_TEST_DATABASE"] != "sqlite", reason="tested in the first run")

Serving = Callable[..., tuple[subprocess.Popen[str], int, str]]


@pytest.fixture
def serving(city: Installation) -> Iterator[Serving]:
    """``serving(*words)`` starts the server and waits for its word; (process, port, what it printed until ready)."""
    started: list[subprocess.Popen[str]] = []

    def start(*words: str) -> tuple[subprocess.Popen[str], int, str]:
        port = free_port()
        process = subprocess.Popen(
            [sys.executable, "-m", "tongchou.cli", "serve", "--port", str(port), *words],
            env=city.environment, cwd=ROOT, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True,
            start_new_session=True,
        )  # fmt: skip
        started.append(process)
        assert process.stdout is not None
        said = ""
        while "Ctrl+C" not in said:
            line = process.stdout.readline()
            assert line, f"ended before it was ready: {said}"
            said += line
        return process, port, said

    yield start
    for process in started:
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
        process.wait(60)
        assert process.stdout is not None
        process.stdout.close()


def children(pid: int) -> dict[int, str]:
    """{pid: command line} of a process's children."""
    found = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                parent = int((entry / "stat").read_text().rsplit(")", 1)[1].split()[1])
                if parent == pid:
                    found[int(entry.name)] = (entry / "cmdline").read_text().replace("\0", " ")
            except (OSError, IndexError):  # the process ended while we looked
                continue
    return found


def test_it_serves_and_ends_as_one(serving: Serving):
    process, port, said = serving()
    assert f"http://127.0.0.1:{port}/" in said and "已就绪" in said
    line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    line.request("GET", "/static/vendor/bootstrap/dist/css/bootstrap.min.css")
    answer = line.getresponse()
    assert answer.status == 200 and b"Bootstrap" in answer.read(300)
    line.close()
    below = children(process.pid)
    assert sorted("granian" in words for words in below.values()) == [False, True]
    process.send_signal(signal.SIGTERM)
    assert process.wait(60) == 0
    assert not [pid for pid in below if Path(f"/proc/{pid}").exists()]


@once
def test_ctrl_c_in_the_terminal_ends_it_at_once(serving: Serving):
    process, port, _ = serving()
    for _ in range(3):
        line = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
        line.request("GET", "/")
        line.getresponse().read()
    os.killpg(process.pid, signal.SIGINT)
    assert process.wait(60) == 0
    assert process.stdout is not None
    assert "Killing worker" not in process.stdout.read(), "the server ended by itself"


@once
def test_a_dead_worker_is_started_again(serving: Serving):
    process, _, _ = serving()
    worker = next(pid for pid, words in children(process.pid).items() if "jobs run" in words)
    os.kill(worker, signal.SIGKILL)
    until = time.monotonic() + 60
    again: set[int] = set()
    while time.monotonic() < until and not again:
        again = {pid for pid, words in children(process.pid).items() if "jobs run" in words} - {worker}
        time.sleep(0.2)
    assert again and process.poll() is None


@once
def test_phones_reach_it_by_tls_with_the_local_authority(serving: Serving, city: Installation):
    _, port, said = serving("--tls", "--host", "127.0.0.1")
    trusted = ssl.create_default_context(cafile=str(city.data / "tls" / "authority.pem"))
    line = http.client.HTTPSConnection("localhost", port, timeout=10, context=trusted)
    line.request("GET", "/")
    answer = line.getresponse()
    assert answer.status < 500 and "max-age" in (answer.getheader("Strict-Transport-Security") or "")
    line.close()
    assert f"https://127.0.0.1:{port}/" in said
    with pytest.raises(ssl.SSLCertVerificationError):
        stranger = http.client.HTTPSConnection("localhost", port, timeout=10, context=ssl.create_default_context())
        stranger.request("GET", "/")


def test_a_taken_port_is_named(city: Installation):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        done = city.run("serve", "--port", str(taken.getsockname()[1]))
    assert done.returncode == 1 and "换一个 --port" in done.stderr and "choose another --port" in done.stderr


@once
@pytest.mark.parametrize("words", [("--port", "0"), ("--port", "70000"), ("--threads", "0"), ("--nonsense",)])
def test_wrong_words_are_refused(words: tuple[str, ...], city: Installation):
    done = city.run("serve", *words)
    assert done.returncode == 2 and "✗" in done.stderr and "Traceback" not in done.stderr


def test_the_certificate_follows_the_addresses(tmp_path: Path):
    now = datetime(2026, 1, 1, tzinfo=UTC)
    names = ["localhost", "127.0.0.1", "192.168.7.9"]
    path, key = authority.certificates(tmp_path / "tls", names, now)
    first = path.read_bytes()
    found = x509.load_pem_x509_certificate(first).extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert {str(address) for address in found.get_values_for_type(x509.IPAddress)} == {"127.0.0.1", "192.168.7.9"}
    assert key.stat().st_mode & 0o077 == 0 and (tmp_path / "tls" / "authority.key").stat().st_mode & 0o077 == 0
    authority_before = (tmp_path / "tls" / "authority.pem").read_bytes()
    authority.certificates(tmp_path / "tls", names, now + timedelta(days=100))
    assert path.read_bytes() == first, "kept while it holds"
    authority.certificates(tmp_path / "tls", [*names, "192.168.7.10"], now)
    second = path.read_bytes()
    authority.certificates(tmp_path / "tls", names, now + timedelta(days=380))
    assert len({first, second, path.read_bytes()}) == 3, "made anew for a new address and before it runs out"
    assert (tmp_path / "tls" / "authority.pem").read_bytes() == authority_before, "phones keep their trust"
