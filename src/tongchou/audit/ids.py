"""Row ids: UUID version 7 (RFC 9562), so keys sort by time and say nothing about how many there are."""

from __future__ import annotations

import os
import threading
import time
import uuid

_lock = threading.Lock()
_last_ms = 0
_sequence = 0


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
    tail = int.from_bytes(os.urandom(8), "big") & ((1 << 62) - 1)
    return uuid.UUID(int=(ms << 80) | (7 << 76) | (sequence << 64) | (2 << 62) | tail)
