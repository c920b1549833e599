"""Row ids sort by the time at which they were made, and no two processes make the same."""

from __future__ import annotations

import os
import threading
import time

import pytest

from tongchou.audit.ids import uuid7


def test_ids_are_version_7_and_grow():
    before = time.time_ns() // 1_000_000
    made = [uuid7() for _turn in range(20_000)]
    assert made == sorted(made) and len(set(made)) == len(made)
    assert {(one.version, one.variant) for one in made} == {(7, "specified in RFC 4122")}
    assert before <= made[0].int >> 80 <= time.time_ns() // 1_000_000
    assert len({one.int & ((1 << 62) - 1) for one in made}) == len(made)


def test_threads_make_no_id_twice():
    made: list = []
    threads = [threading.Thread(target=lambda: made.extend([uuid7() for _turn in range(5_000)])) for _thread in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(made)) == 20_000


@pytest.mark.skipif(not hasattr(os, "fork"), reason="forks")
def test_a_forked_process_draws_random_numbers_of_its_own():
    uuid7()  # numbers are drawn, more than this one needs
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        os.write(write, b"".join(uuid7().bytes for _turn in range(50)))
        os._exit(0)
    os.close(write)
    with os.fdopen(read, "rb") as pipe:
        told = pipe.read()
    os.waitpid(child, 0)
    theirs = {told[start + 8 : start + 16] for start in range(0, len(told), 16)}
    ours = {uuid7().bytes[8:] for _turn in range(50)}
    assert len(theirs) == len(ours) == 50 and not theirs & ours
