"""Memory that a step has freed goes back to the system before the next one takes its own."""

from __future__ import annotations

import ctypes
import sys


def give_back_memory() -> None:
    """Hand freed heap back where the C library can (``malloc_trim(3)`` of glibc); elsewhere nothing happens.

    glibc keeps blocks below 32 MiB for later. After a city is built they are more than the city itself, and a simulation
    that maps large arrays of its own never asks for them.
    """
    if sys.platform == "linux":
        trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
        if trim is not None:
            trim(0)
