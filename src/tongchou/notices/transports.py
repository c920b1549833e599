"""How a notice leaves the house: mail, HTTP gateway, file. Each raises DeliveryError to be tried again."""

from __future__ import annotations

import json
import os
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from urllib.parse import urlsplit

from django.conf import settings
from django.core.mail import EmailMessage, get_connection
from django.core.mail.backends.base import BaseEmailBackend

from tongchou import env
from tongchou.notices.models import Channel, Notice

TIMEOUT_S = 10
_MAIL_PORT_TLS = 465
AddressBook = Callable[[str], list[str]]
_address_books: list[AddressBook] = []


class DeliveryError(Exception):
    """This try failed; the text names the cause without quoting the notice."""


class ChannelOff(Exception):
    """The channel is not set up, or the post has no address on it: trying again would not help."""


def mail_addresses_from(book: AddressBook) -> None:
    """Let a room that knows who holds a post answer with mail addresses; this room knows posts as text only."""
    if book not in _address_books:
        _address_books.append(book)


def _mail_backend() -> BaseEmailBackend | None:
    host = env.text("TONGCHOU_MAIL_HOST")
    if not host:
        return None
    port = env.number("TONGCHOU_MAIL_PORT")
    return get_connection(host=host, port=port, use_ssl=port == _MAIL_PORT_TLS, timeout=TIMEOUT_S, fail_silently=False)


def send_mail(notice: Notice) -> None:
    backend = _mail_backend()
    if backend is None:
        raise ChannelOff("TONGCHOU_MAIL_HOST")
    to = sorted({address for book in _address_books for address in book(notice.to_post) if address})
    if not to:
        raise ChannelOff("no mail address for this post")
    text = "\n".join(line for line in (notice.body, notice.body_en, notice.link) if line)
    message = EmailMessage(
        subject=notice.title if not notice.title_en else f"{notice.title} / {notice.title_en}",
        body=text,
        from_email=env.text("TONGCHOU_MAIL_FROM") or None,
        bcc=to,
        connection=backend,
        headers={"X-Tongchou-Key": notice.key},
    )
    try:
        message.send()
    except OSError as error:  # smtplib's errors are OSErrors too
        raise DeliveryError(type(error).__name__) from error


class _NoRedirect(urllib.request.HTTPRedirectHandler):
    """A redirect would carry the bearer token to another host."""

    def redirect_request(self, *args: object, **kwargs: object) -> None:
        return None


def send_gateway(notice: Notice) -> None:
    """POST the notice as JSON; the gateway maps the post to its people. 2xx accepts, 409 means it already had it."""
    url = env.text("TONGCHOU_GATEWAY_URL")
    if not url:
        raise ChannelOff("TONGCHOU_GATEWAY_URL")
    if urlsplit(url).scheme not in ("http", "https"):
        raise ChannelOff("TONGCHOU_GATEWAY_URL: http or https")
    payload = {
        "key": notice.key, "to_post": notice.to_post, "title": notice.title, "title_en": notice.title_en,
        "body": notice.body, "body_en": notice.body_en, "link": notice.link, "created_at": notice.created_at.isoformat(),
    }  # fmt: skip
    headers = {"Content-Type": "application/json; charset=utf-8", "Idempotency-Key": notice.key}
    token = env.text("TONGCHOU_GATEWAY_TOKEN")
    if token:
        headers["Authorization"] = f"Bearer {token}"
    request = urllib.request.Request(  # noqa: S310 - the scheme is checked above
        url, data=json.dumps(payload, ensure_ascii=False).encode(), headers=headers, method="POST"
    )
    opener = urllib.request.build_opener(_NoRedirect, urllib.request.ProxyHandler({}))
    try:
        with opener.open(request, timeout=TIMEOUT_S) as answer:
            answer.read(1024)
    except urllib.error.HTTPError as error:
        if error.code == 409:
            return
        raise DeliveryError(f"HTTP {error.code}") from error
    except OSError as error:  # URLError with its cause, timeouts and broken connections
        raise DeliveryError(type(getattr(error, "reason", error)).__name__) from error


def sink_path() -> Path:
    return Path(settings.DATA) / "notices.jsonl"


def send_file(notice: Notice) -> None:
    """Append one line of JSON; the demo's stand-in for mail and gateway."""
    line = json.dumps(
        {
            "key": notice.key, "to_post": notice.to_post, "title": notice.title, "body": notice.body,
            "link": notice.link, "created_at": notice.created_at.isoformat(),
        },
        ensure_ascii=False,
    )  # fmt: skip
    try:
        # one write of a whole line to a file opened for appending is never interleaved with another's
        handle = os.open(sink_path(), os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        try:
            os.write(handle, f"{line}\n".encode())
        finally:
            os.close(handle)
    except OSError as error:
        raise DeliveryError(type(error).__name__) from error


TRANSPORTS: dict[str, Callable[[Notice], None]] = {
    Channel.MAIL: send_mail,
    Channel.GATEWAY: send_gateway,
    Channel.FILE: send_file,
}
