"""Row ids: UUID version 7 (RFC 9562), so keys sort by time and say nothing about how many there are."""

from __future__ import annotations

import os
import struct
import threading
import time
import uuid

_lock = threading.Lock()
_last_ms = 0
_sequence = 0
#: random numbers of 64 bits, asked of the system many at a time; a forked process draws its own
_drawn: list[int] = []
_AT_ONCE = 128
if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_drawn.clear)


def uuid7() -> uuid.UUID:
    """A new id: 48 bits of the machine's milliseconds, a 12-bit sequence within one, 62 random bits.

    The machine's own clock is meant here, not the city's: ids must keep growing while a drill or
    a replay moves the city's clock.
    """
    global _last_ms, _sequence
    with _lock:
        ms = time.time_ns() // 1_000_000
        if ms > _last_ms:
            _last_ms, _sequence = ms, int.from_bytes(os.urandom(2), "big") & 0x7FF
        else:
            _sequence += 1
            if _sequence > 0xFFF:
                _last_ms, _sequence = _last_ms + 1, 0
        ms, sequence = _last_ms, _sequence
        if not _drawn:
            _drawn.extend(struct.unpack(f"{_AT_ONCE}Q", os.urandom(8 * _AT_ONCE)))
        tail = _drawn.pop() >> 2
    return uuid.UUID(int=(ms << 80) | (7 << 76) | (sequence << 64) | (2 << 62) | tail)
