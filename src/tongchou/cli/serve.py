"""``tongchou serve``: the web server and the worker of the jobs, as two processes that live and end together."""

from __future__ import annotations

import argparse
import http.client
import io
import os
import signal
import socket
import ssl
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from types import FrameType

import segno
from django.conf import settings

from tongchou import env
from tongchou.cli import authority, soundness, terminal

NAME = "serve"
HELP_ZH = "提供网页服务，并运行后台作业"
HELP_EN = "serve the pages and work on the background jobs"

READY_S = 120.0
END_S = 20.0
RESTART_PAUSE_S = 2.0
THREADS = 2 * (os.cpu_count() or 1)  # pages wait for the database as long as they compute


@dataclass
class Service:
    """What is served where. ``hosts`` are the names and addresses that are answered beside loopback."""

    host: str = "127.0.0.1"
    port: int = 8000
    threads: int = THREADS
    processes: int = 1
    tls: bool = False
    worker: bool = True
    hosts: list[str] = field(default_factory=list)

    @property
    def address(self) -> str:
        """The address to open on this machine."""
        return f"{'https' if self.tls else 'http'}://{'127.0.0.1' if self.host == '0.0.0.0' else self.host}:{self.port}/"  # noqa: S104

    @property
    def phone_address(self) -> str:
        """The address to open on a phone, or the empty text where only this machine is answered."""
        return f"{'https' if self.tls else 'http'}://{self.hosts[0]}:{self.port}/" if self.hosts else ""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--host", default="", help="监听的地址，默认只在本机 / address to listen on, this machine alone by default")
    parser.add_argument("--port", type=int, default=8000, help="端口，默认 8000 / port, 8000 by default")
    parser.add_argument("--tls", action="store_true",
                        help="用本机证书机构签发的证书提供 HTTPS，并打印手机可扫的二维码 / "
                             "serve HTTPS with a certificate of a local authority and print a QR for phones")  # fmt: skip
    parser.add_argument("--threads", type=int, default=THREADS, metavar="N",
                        help="网页线程数，默认为处理器核数的两倍 / threads for pages, twice the processor cores by default")  # fmt: skip
    parser.add_argument("--processes", type=int, default=1, metavar="N",
                        help="网页进程数；内置数据库只能为 1 / web processes; 1 on the embedded database")  # fmt: skip
    parser.add_argument("--no-worker", action="store_true", help="不运行后台作业 / leave the background jobs to another process")


def service_of(args: argparse.Namespace) -> Service:
    """Raises UsageError where the words contradict each other."""
    if not 1 <= args.port <= 65535:
        raise terminal.UsageError(f"端口 {args.port} 无效，请在 1 到 65535 之间选", f"port {args.port} is none: choose 1 to 65535")
    if args.threads < 1 or args.processes < 1:
        raise terminal.UsageError("线程数与进程数至少为 1", "threads and processes are 1 at least")
    if args.processes > 1 and not env.text("TONGCHOU_DATABASE_URL"):
        raise terminal.UsageError(
            "内置数据库只能用一个网页进程；更多进程请改用 PostgreSQL(TONGCHOU_DATABASE_URL)",
            "the embedded database serves one web process; for more set TONGCHOU_DATABASE_URL to a PostgreSQL server",
        )
    host = args.host or ("0.0.0.0" if args.tls else "127.0.0.1")  # noqa: S104 -- phones are what --tls is for
    return Service(host, args.port, args.threads, args.processes, args.tls, not args.no_worker, hosts_of(host))


def hosts_of(host: str) -> list[str]:
    """The addresses at which others reach a server that listens on ``host``."""
    if host in ("127.0.0.1", "localhost", "::1"):
        return []
    return authority.addresses() if host in ("0.0.0.0", "::") else [host]  # noqa: S104


def refuse_taken_port(service: Service) -> None:
    with socket.socket(socket.AF_INET6 if ":" in service.host else socket.AF_INET) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((service.host, service.port))
        except OSError as error:
            raise terminal.CommandError(
                f"无法在 {service.host}:{service.port} 提供服务（{error.strerror}）：换一个 --port",
                f"cannot serve at {service.host}:{service.port} ({error.strerror}): choose another --port",
            ) from error


def refuse_unsound() -> None:
    """A city is not served on an installation that could lose its data."""
    bad = [finding for finding in soundness.look() if finding.level == soundness.BAD]
    if bad:
        raise terminal.CommandError(";".join(finding.zh for finding in bad), "; ".join(finding.en for finding in bad))


def web_words(service: Service) -> list[str]:
    words = [
        sys.executable, "-m", "granian", "--interface", "wsgi", "--host", service.host, "--port", str(service.port),
        "--workers", str(service.processes), "--blocking-threads", str(service.threads), "--workers-kill-timeout", "10",
        # beyond twice the threads requests wait in the socket's queue, which is bounded, and not in our memory
        "--backpressure", str(service.threads * 2),
        "--respawn-failed-workers", "--no-ws", "--log-level", "warning", "tongchou.wsgi:application",
    ]  # fmt: skip
    if service.tls:
        hosts = ["localhost", "127.0.0.1", *service.hosts]
        certificate, key = authority.certificates(Path(settings.DATA) / "tls", hosts, datetime.now(UTC))
        words[-1:-1] = ["--ssl-certificate", str(certificate), "--ssl-keyfile", str(key)]
    return words


def surroundings(service: Service) -> dict[str, str]:
    hosts = dict.fromkeys([*settings.ALLOWED_HOSTS, *service.hosts])
    return {**os.environ, "TONGCHOU_HOSTS": ",".join(hosts), "TONGCHOU_HTTPS": "1" if service.tls or settings.HTTPS else "0"}


def answers(service: Service) -> bool:
    """Whether the server answers a request with anything but a failure of its own."""
    if service.tls:
        trusted = ssl.create_default_context(cafile=str(Path(settings.DATA) / "tls" / "authority.pem"))
        line: http.client.HTTPConnection = http.client.HTTPSConnection("127.0.0.1", service.port, timeout=10, context=trusted)
    else:
        line = http.client.HTTPConnection("127.0.0.1" if not service.hosts else service.hosts[0], service.port, timeout=10)
    try:
        line.request("GET", "/", headers={"Host": "localhost"})
        return line.getresponse().status < 500
    except (OSError, http.client.HTTPException):
        return False
    finally:
        line.close()


class Pair:
    """The two child processes. The worker is started again where it dies; the end of the web server ends both."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.environment = surroundings(service)
        Path(settings.STATIC_ROOT).mkdir(parents=True, exist_ok=True)
        self.web = self._start(web_words(service))
        self.worker = self._start_worker()
        self.asked_to_end = False

    def _start_worker(self) -> subprocess.Popen[bytes] | None:
        if not self.service.worker:
            return None
        return self._start([sys.executable, "-m", "tongchou.cli", "jobs", "run"])

    def _start(self, words: list[str]) -> subprocess.Popen[bytes]:
        # A process group of its own: Ctrl+C reaches us alone, and we end the children once and in order.
        return subprocess.Popen(words, env=self.environment, stdin=subprocess.DEVNULL, process_group=0)

    def wait_ready(self) -> None:
        """Raises CommandError where the server ends or stays silent."""
        until = time.monotonic() + READY_S
        while time.monotonic() < until and not self.asked_to_end:
            if self.web.poll() is not None:
                raise terminal.CommandError("网页服务未能启动，原因见上", "the web server did not start; the reason stands above")
            if answers(self.service):
                return
            time.sleep(0.1)
        if not self.asked_to_end:
            raise terminal.CommandError(f"网页服务 {READY_S:.0f} 秒内没有应答", f"the web server did not answer within {READY_S:.0f} s")

    def watch(self) -> int:
        """Until a signal or the web server's end; the exit code."""
        while not self.asked_to_end:
            code = self.web.poll()
            if code is not None:
                return code or 1
            if self.worker is not None and self.worker.poll() is not None:
                terminal.Voice().progress("后台作业进程已结束，重新启动", "the jobs process ended; starting it again")
                time.sleep(RESTART_PAUSE_S)
                self.worker = self._start_worker()
            time.sleep(0.25)
        return 0

    def end(self, number: int = 0, frame: FrameType | None = None) -> None:
        self.asked_to_end = True

    def stop(self) -> None:
        """Ask both to end, and end what does not within the time."""
        children = [child for child in (self.worker, self.web) if child is not None]
        for child in children:
            if child.poll() is None:
                child.terminate()
        until = time.monotonic() + END_S
        for child in children:
            try:
                child.wait(max(0.1, until - time.monotonic()))
            except subprocess.TimeoutExpired:
                child.kill()
                child.wait()


def serve(service: Service, on_ready: Callable[[Service], None] | None = None) -> int:
    """Serve until SIGTERM or SIGINT; the exit code. ``on_ready`` is called once the first page is answered."""
    refuse_taken_port(service)
    pair = Pair(service)
    before = {number: signal.signal(number, pair.end) for number in (signal.SIGTERM, signal.SIGINT)}
    try:
        pair.wait_ready()
        if on_ready and not pair.asked_to_end:
            on_ready(service)
        return pair.watch()
    finally:
        pair.stop()
        for number, handler in before.items():
            signal.signal(number, handler)


def announce(service: Service) -> None:
    """Print the address, and for phones the QR and what to install first."""
    lines = [f"已就绪 / ready: {service.address}"]
    if service.phone_address:
        lines.append(f"手机 / phone: {service.phone_address}")
        if service.tls:
            path = Path(settings.DATA) / "tls" / "authority.pem"
            lines.append(f"手机先安装并信任证书 / install and trust this certificate on the phone first: {path}")
        drawn = io.StringIO()
        segno.make(service.phone_address, error="m").terminal(out=drawn, compact=True)
        lines.append(drawn.getvalue())
    lines.append("按 Ctrl+C 停止 / Ctrl+C stops")
    sys.stdout.write("\n".join(lines) + "\n")
    sys.stdout.flush()


def run(args: argparse.Namespace) -> int:
    service = service_of(args)
    refuse_unsound()
    return serve(service, announce)
