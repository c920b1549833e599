"""Write notices in the caller's transaction; deliver what is due outside any transaction."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from django.conf import settings
from django.db import IntegrityError, connection, transaction
from django.db.models import F, QuerySet

from tongchou import audit, citytime
from tongchou.notices.models import Channel, Delivery, DeliveryState, Notice
from tongchou.notices.names import SYSTEM_POST
from tongchou.notices.transports import TRANSPORTS, ChannelOff, DeliveryError

MAX_ATTEMPTS = 8
_HELD_S = 120
_FIRST_RETRY_S = 15
_LONGEST_RETRY_S = 3600


def _machine_now() -> datetime:
    return datetime.fromtimestamp(time.time(), UTC)


@transaction.atomic
def send(
    *,
    to_post: str,
    title: str,
    body: str = "",
    link: str = "",
    key: str,
    channels: Sequence[str] = (Channel.APP,),
    title_en: str = "",
    body_en: str = "",
) -> Notice:
    """Put a notice into the outbox; it exists only if the caller's transaction commits.

    The same ``key`` gives the first notice back. In-app is always on; ``channels`` adds ``mail`` and
    ``gateway``, for which the demo uses a file. Texts carry ids and numbers, no personal data.
    """
    if not (to_post and title and key):
        raise ValueError("a notice needs to_post, title and key")
    unknown = set(channels) - set(Channel.values)
    if unknown:
        raise ValueError(f"unknown channels: {sorted(unknown)}")
    known = Notice.objects.filter(key=key).first()
    if known is not None:
        return known
    try:
        with transaction.atomic():
            notice = Notice.objects.create(
                to_post=str(to_post), title=title[:200], title_en=title_en[:200], body=body[:1000], body_en=body_en[:1000],
                link=link, key=key, created_at=citytime.now(),
            )  # fmt: skip
    except IntegrityError:
        # the same key was sent by another transaction between our look and our insert
        return Notice.objects.get(key=key)
    now = _machine_now()
    Delivery.objects.bulk_create(
        Delivery(
            notice=notice, channel=channel, next_at=now,
            state=DeliveryState.SENT if channel == Channel.APP else DeliveryState.WAITING,
            sent_at=notice.created_at if channel == Channel.APP else None,
        )
        for channel in _effective(channels)
    )  # fmt: skip
    return notice


def _effective(channels: Sequence[str]) -> list[str]:
    if settings.DEMO:
        return [Channel.APP, Channel.FILE]
    return [Channel.APP, *sorted(set(channels) - {Channel.APP, Channel.FILE})]


def inbox(posts: Sequence[str]) -> QuerySet[Notice]:
    """In-app notices of these posts, unread first, then newest first; a system administrator's post also
    gets what is told to the system."""
    wanted = [str(post) for post in posts]
    if any(reads(wanted) for reads in _system_readers):
        wanted.append(SYSTEM_POST)
    return Notice.objects.filter(to_post__in=wanted).order_by(F("read_at").asc(nulls_first=True), "-id")


_system_readers: list[Callable[[Sequence[str]], bool]] = []


def system_notices_read_by(reads: Callable[[Sequence[str]], bool]) -> None:
    """Let a room that knows posts say whether any of these (text ids) reads what is told to the system."""
    if reads not in _system_readers:
        _system_readers.append(reads)


@transaction.atomic
def mark_read(*, notice: Notice, by: Any) -> Notice:
    """Note who of the post read it first, and when; reading again changes nothing."""
    who = by if isinstance(by, audit.By) else by.by
    row = Notice.objects.select_for_update().get(pk=notice.pk)
    if row.read_at is None:
        row.read_at, row.read_by = citytime.now(), who.user or who.post
        row.save(update_fields=["read_at", "read_by"])
        audit.record("notice.read", ledger="notice", object_id=str(row.id), by=who)
    return row


def deliver_due(*, limit: int = 200) -> int:
    """Try each waiting delivery whose time has come, once; returns how many were tried.

    A try is booked before it starts, so two workers never send the same one side by side; a worker
    that dies between sending and noting it sends once more with the same idempotency key.
    """
    tried = 0
    while tried < limit:
        delivery = _book_one()
        if delivery is None:
            break
        tried += 1
        try:
            TRANSPORTS[delivery.channel](delivery.notice)
        except ChannelOff as off:
            _note(delivery, state=DeliveryState.OFF, last_error=str(off)[:300])
        except DeliveryError as error:
            _failed(delivery, str(error))
        else:
            _note(delivery, state=DeliveryState.SENT, sent_at=citytime.now(), last_error="")
    return tried


def _due() -> QuerySet[Delivery]:
    return Delivery.objects.filter(state=DeliveryState.WAITING, next_at__lte=_machine_now()).order_by("next_at", "id")


def _book_one() -> Delivery | None:
    if not _due().exists():
        return None
    with transaction.atomic():
        rows = _due()
        if connection.features.has_select_for_update:
            rows = rows.select_for_update(skip_locked=connection.features.has_select_for_update_skip_locked)
        delivery = rows.first()
        if delivery is None:
            return None
        delivery.attempts += 1
        delivery.next_at = _machine_now() + timedelta(seconds=_HELD_S)
        delivery.save(update_fields=["attempts", "next_at"])
    return delivery


def _note(delivery: Delivery, **values: Any) -> None:
    Delivery.objects.filter(pk=delivery.pk).update(**values)


def _failed(delivery: Delivery, cause: str) -> None:
    if delivery.attempts < MAX_ATTEMPTS:
        wait_s = min(_LONGEST_RETRY_S, _FIRST_RETRY_S * 3 ** (delivery.attempts - 1))
        _note(delivery, next_at=_machine_now() + timedelta(seconds=wait_s), last_error=cause[:300])
        return
    with transaction.atomic():
        _note(delivery, state=DeliveryState.FAILED, last_error=cause[:300])
        send(
            to_post=SYSTEM_POST,
            title=f"通知未送达：{delivery.get_channel_display()}", title_en=f"Notice not delivered: {delivery.channel}",
            body=f"通知 {delivery.notice_id} 经 {delivery.attempts} 次未能送出（{cause}）。请检查渠道设置。",
            body_en=f"Notice {delivery.notice_id} could not be sent in {delivery.attempts} tries ({cause}). Check the channel's settings.",
            key=f"notice.failed:{delivery.pk}",
        )  # fmt: skip
