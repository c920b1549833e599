"""The city's one clock.

Instants are aware UTC datetimes; days are calendar days of the city (``TONGCHOU_TIMEZONE``).
A day closes at 24:00, that is at the first instant of the next day. Every room asks ``now()``
and ``today()`` here and nowhere else, so a replay or a test moves the whole house at once.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

from django.conf import settings

Clock = Callable[[], datetime]


def _wall_clock() -> datetime:
    return datetime.now(UTC)


def _shifted_clock(text: str) -> Clock:
    """A running clock that stood at an instant when the machine's clock stood at another.

    ``text`` is ``INSTANT@EPOCH``: an ISO instant with offset and the machine's epoch seconds at
    which it held. Without ``@EPOCH`` the instant holds as of this call, so processes that must
    agree share the full form.
    """
    stamp, _, epoch = text.partition("@")
    instant = datetime.fromisoformat(stamp)
    if instant.tzinfo is None:
        raise ValueError("TONGCHOU_CLOCK needs an instant with an offset, e.g. 2020-02-14T17:30:00+08:00")
    started = float(epoch) if epoch else time.time()
    return lambda: instant.astimezone(UTC) + timedelta(seconds=time.time() - started)


_clock: Clock = _shifted_clock(os.environ["TONGCHOU_CLOCK"]) if os.environ.get("TONGCHOU_CLOCK") else _wall_clock


def now() -> datetime:
    """The present instant, aware, in UTC."""
    return _clock()


def zone() -> ZoneInfo:
    return ZoneInfo(settings.TIME_ZONE)


def today() -> date:
    """The city's calendar day of ``now()``."""
    return day_of(now())


#: the day that was asked last and its bounds: thousands of rows ask for the same one
_last_day: tuple[datetime, datetime, date] | None = None


def day_of(instant: datetime) -> date:
    global _last_day
    known = _last_day
    if known is not None and known[0] <= instant < known[1]:
        return known[2]
    day = instant.astimezone(zone()).date()
    _last_day = day_start(day), day_close(day), day
    return day


def day_start(day: date) -> datetime:
    """The first instant of a city day, in UTC."""
    return datetime(day.year, day.month, day.day, tzinfo=zone()).astimezone(UTC)


def day_close(day: date) -> datetime:
    """24:00 of a city day: the first instant that no longer belongs to it, in UTC."""
    return day_start(day + timedelta(days=1))


def at_hour(day: date, hour: int, minute: int = 0) -> datetime:
    """An instant of a city day by its local wall time, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=zone()).astimezone(UTC)


def set_clock(clock: Clock | None) -> None:
    """Inject another clock; ``None`` gives the machine's clock back."""
    global _clock
    _clock = clock or _wall_clock


@contextmanager
def standing_at(instant: datetime) -> Iterator[None]:
    """Hold the clock at one instant, for a replay step or a test."""
    global _clock
    if instant.tzinfo is None:
        raise ValueError("a clock can stand only at an aware instant")
    before, _clock = _clock, lambda: instant.astimezone(UTC)
    try:
        yield
    finally:
        _clock = before
