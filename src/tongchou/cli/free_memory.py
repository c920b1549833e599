"""Memory that a step has freed goes back to the system, and is not kept for a later one."""

from __future__ import annotations

import ctypes
import sys
from typing import Final

M_TRIM_THRESHOLD: Final = -1
M_MMAP_THRESHOLD: Final = -3
"""of ``mallopt(3)``"""
LARGE_BYTES: Final = 8 << 20
"""above what an array of a city of 1,000,000 takes: there is nothing to save there, and mapping has its cost"""


def keep_large_blocks_apart() -> None:
    """From now on every large block is mapped by itself, and is gone when it is freed, where the C library can; elsewhere nothing happens.

    By itself glibc raises the limit up to 32 MiB as such blocks are freed, and keeps what lies below it: while a city of
    10,000,000 was built, 100 to 200 MiB were holes between its arrays.
    """
    if sys.platform == "linux":
        option = getattr(ctypes.CDLL(None), "mallopt", None)
        if option is not None:
            option(M_MMAP_THRESHOLD, LARGE_BYTES)
            option(M_TRIM_THRESHOLD, 2 * LARGE_BYTES)  # as glibc sets it beside a limit of its own; else 128 KiB, which is slow


def give_back_memory() -> None:
    """Hand freed heap back where the C library can (``malloc_trim(3)`` of glibc); elsewhere nothing happens.

    glibc keeps small blocks for later. After a city is built they are much of the city's own size, and a simulation that maps
    large arrays of its own never asks for them.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
