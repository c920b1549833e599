"""The outbox: once by key, only with its transaction, each channel with retries that end."""

from __future__ import annotations

import json
import threading
from collections.abc import Iterator
from datetime import timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.core import mail
from django.db import transaction
from django.utils import translation

from tongchou import audit, notices
from tongchou.notices import outbox, transports
from tongchou.notices.models import Delivery, Notice

pytestmark = pytest.mark.django_db
BY = audit.By(post="post-1", user="user-1")


class Gateway(ThreadingHTTPServer):
    """A gateway that answers with the next of ``answers`` (200 when none is left) and keeps what it was sent."""

    def __init__(self) -> None:
        self.answers: list[int] = []
        self.asked: list[tuple[dict[str, str], dict]] = []
        super().__init__(("127.0.0.1", 0), _Answer)


class _Answer(BaseHTTPRequestHandler):
    server: Gateway

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.server.asked.append((dict(self.headers), body))
        status = self.server.answers.pop(0) if self.server.answers else 200
        self.send_response(status)
        if status == 302:
            self.send_header("Location", "/elsewhere")
        self.end_headers()

    def log_message(self, *args: object) -> None:
        """Quiet: the test reads ``asked``."""


@pytest.fixture
def gateway(monkeypatch) -> Iterator[Gateway]:
    with Gateway() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("TONGCHOU_GATEWAY_URL", f"http://127.0.0.1:{server.server_port}/send")
        monkeypatch.setenv("TONGCHOU_GATEWAY_TOKEN", "secret-token")
        yield server
        server.shutdown()


@pytest.fixture(autouse=True)
def _no_demo(settings):
    settings.DEMO = False


def send(**changes) -> Notice:
    values = {"to_post": "post-9", "title": "任务 T20200214-0001：已交办", "title_en": "Task T20200214-0001 assigned", "body": "时限：2020-02-14 12:00", "key": "k"}
    return notices.send(**{**values, **changes})


def delivery(channel: str) -> Delivery:
    return Delivery.objects.get(channel=channel)


def wait_over(channel: str) -> None:
    """Let the back-off of a delivery pass."""
    Delivery.objects.filter(channel=channel).update(next_at=outbox._machine_now() - timedelta(seconds=1))


def test_in_app_at_once_and_once_by_key():
    first = send()
    assert send(title="另一个").pk == first.pk
    assert [(n.title, n.read_at) for n in notices.inbox(["post-9"])] == [(first.title, None)]
    assert delivery("app").state == "sent"
    with translation.override("en"):
        assert first.shown_title == "Task T20200214-0001 assigned"
        assert first.shown_body == "时限：2020-02-14 12:00", "without an English text the Chinese one is shown"
    assert notices.deliver_due() == 0


def test_a_notice_of_a_rolled_back_change_was_never_sent(gateway):
    with pytest.raises(RuntimeError), transaction.atomic():
        send(channels=("app", "gateway"))
        raise RuntimeError
    assert notices.deliver_due() == 0
    assert (Notice.objects.count(), gateway.asked) == (0, [])


def test_reading_is_noted_once_with_who_and_leaves_unread_first():
    old, new = send(), send(key="k2")
    notices.mark_read(notice=new, by=BY)
    notices.mark_read(notice=new, by=audit.By(post="post-2", user="user-2"))
    new.refresh_from_db()
    assert (new.read_by, new.read_at is not None) == ("user-1", True)
    assert list(notices.inbox(["post-9"])) == [old, new]
    assert audit.timeline("notice", new.pk).count() == 1


def test_the_gateway_gets_json_a_bearer_token_and_an_idempotency_key(gateway):
    send(channels=("app", "gateway"), link="/tasks/1/")
    assert notices.deliver_due() == 1
    (headers, body), = gateway.asked
    assert headers["Authorization"] == "Bearer secret-token"
    assert headers["Idempotency-Key"] == "k" == body["key"]
    assert (body["to_post"], body["title_en"], body["link"]) == ("post-9", "Task T20200214-0001 assigned", "/tasks/1/")
    assert delivery("gateway").state == "sent"
    assert notices.deliver_due() == 0


def test_a_gateway_that_fails_is_asked_again_later_and_never_followed_elsewhere(gateway):
    gateway.answers = [500, 302, 409]
    send(channels=("gateway",))
    for number, error in ((1, "HTTP 500"), (2, "HTTP 302")):
        assert notices.deliver_due() == 1
        assert notices.deliver_due() == 0, "not before its time"
        one = delivery("gateway")
        assert (one.state, one.attempts, one.last_error) == ("waiting", number, error)
        wait_over("gateway")
    notices.deliver_due()
    assert delivery("gateway").state == "sent", "409 says that the gateway has had it"
    assert len(gateway.asked) == 3


def test_what_cannot_be_sent_is_set_aside_and_told_to_the_system_post(monkeypatch):
    monkeypatch.setenv("TONGCHOU_GATEWAY_URL", "http://127.0.0.1:9/nobody-listens")
    monkeypatch.setattr(outbox, "MAX_ATTEMPTS", 2)
    send(channels=("gateway",))
    for _ in range(2):
        wait_over("gateway")
        notices.deliver_due()
    assert (delivery("gateway").state, delivery("gateway").attempts) == ("failed", 2)
    told = Notice.objects.get(to_post="system")
    assert "ConnectionRefusedError" in told.body


@pytest.mark.parametrize("url", ["", "file:///etc/passwd"])
def test_a_channel_that_is_not_set_up_is_off_and_not_tried_again(monkeypatch, url):
    monkeypatch.setenv("TONGCHOU_GATEWAY_URL", url)
    send(channels=("gateway", "mail"))
    assert notices.deliver_due() == 2
    assert {d.state for d in Delivery.objects.exclude(channel="app")} == {"off"}
    assert notices.deliver_due() == 0


def test_mail_goes_to_the_holders_that_another_room_names(monkeypatch):
    monkeypatch.setenv("TONGCHOU_MAIL_HOST", "mail.example")
    monkeypatch.setenv("TONGCHOU_MAIL_FROM", "tongchou@city.example")
    monkeypatch.setattr(transports, "_address_books", [])
    notices.mail_addresses_from(lambda post: ["duty@city.example"] if post == "post-9" else [])
    send(channels=("mail",))
    send(channels=("mail",), key="k2", to_post="nobody")
    notices.deliver_due()
    (letter,) = mail.outbox
    assert (letter.bcc, letter.from_email) == (["duty@city.example"], "tongchou@city.example")
    assert "T20200214-0001" in letter.subject and "时限" in letter.body
    states = dict(Delivery.objects.filter(channel="mail").values_list("notice__key", "state"))
    assert states == {"k": "sent", "k2": "off"}


def test_the_demo_writes_every_notice_to_one_file(settings, tmp_path):
    settings.DEMO, settings.DATA = True, tmp_path
    send(channels=("app", "mail", "gateway"))
    send(key="k2")
    notices.deliver_due()
    lines = [json.loads(line) for line in (tmp_path / "notices.jsonl").read_text(encoding="utf-8").splitlines()]
    assert [line["key"] for line in lines] == ["k", "k2"]
    assert {d.channel for d in Delivery.objects.all()} == {"app", "file"}


def test_senseless_calls_are_refused():
    with pytest.raises(ValueError, match="to_post, title and key"):
        send(to_post="")
    with pytest.raises(ValueError, match="pigeon"):
        send(channels=("pigeon",))
    assert not Notice.objects.exists()
