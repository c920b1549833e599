"""Identity and phone numbers for invented people, which no real person can have.

An identity number has a correct check character, a real-looking birth date and a sequence of the
right parity. Its first six digits are *not* a division: they are a code beside the registered
county's (510402 -> 510492) that no edition of GB/T 2260 has ever given out, so the number passes
every check of form and still can belong to nobody. With a real county's code about one invented
number in seventy would be a living person's. The county of registration itself stands in
``registered_area_path``.

Phones lie in 154, a range that had no mobile subscribers when this was written (from knowledge,
not verified; see demo/panzhihua/README.md).
"""

from __future__ import annotations

import numpy as np

UNISSUED = {
    "510402": "510492",
    "510403": "510493",
    "510411": "510491",
    "510421": "510495",
    "510422": "510496",
    "513401": "513491",
    "530102": "530192",
    "520102": "520192",
    "500101": "500191",
}
ELSEWHERE_IN_PROVINCE = ("510402", "510403", "510411", "510421", "510422", "513401")
OTHER_PROVINCES = ("530102", "520102", "500101")
PHONE_RANGE = "154"
_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK = np.frombuffer(b"10X98765432", dtype=np.uint8)
_SEQUENCES = 500
_STEP = 38_271_937  # coprime to 10**8, so the scattering below never gives one phone twice
PHONES = 10**8


def unissued_prefix(county: str) -> str:
    """The six digits that stand for a county in invented numbers: its own last pair moved into the nineties."""
    return UNISSUED.get(county) or f"{county[:4]}9{county[5]}"


def id_numbers(prefix: np.ndarray, born_on: np.ndarray, sex: np.ndarray, lane: int, lanes: int) -> np.ndarray:
    """18-character texts, no two alike among all lanes.

    Args:
        prefix: six-digit texts; born_on: datetime64[D]; sex: 0 man, 1 woman.
        lane, lanes: this county's share of the 500 sequences of a day and sex, so that counties made
            apart never give one number twice.

    Raises:
        ValueError: where more people share a prefix, day and sex than the lane has sequences.
    """
    room = _SEQUENCES // lanes
    _, group = np.unique(prefix, return_inverse=True)
    day = born_on.astype("datetime64[D]").astype(np.int64)
    order = np.lexsort((np.arange(len(day)), sex, day, group))
    key = np.stack([group[order], day[order], sex[order]])
    fresh = np.ones(len(order), dtype=bool)
    fresh[1:] = (key[:, 1:] != key[:, :-1]).any(axis=0)
    starts = np.maximum.accumulate(np.where(fresh, np.arange(len(order)), 0))
    rank = np.empty(len(order), dtype=np.int64)
    rank[order] = np.arange(len(order)) - starts
    if len(rank) and rank.max() >= room:
        raise ValueError(f"{rank.max() + 1} people of one prefix, day and sex; a lane holds {room}")
    sequence = (rank + lane * room) * 2 + (sex == 0)
    digits = np.char.add(np.char.add(prefix.astype("<U6"), _compact(born_on)), np.char.zfill(sequence.astype("<U3"), 3))
    return np.char.add(digits, _check(digits))


def _compact(born_on: np.ndarray) -> np.ndarray:
    return np.char.replace(np.datetime_as_string(born_on.astype("datetime64[D]")), "-", "")


def _check(digits: np.ndarray) -> np.ndarray:
    table = np.ascontiguousarray(digits.astype("S17")).view(np.uint8).reshape(len(digits), 17) - ord("0")
    return np.ascontiguousarray(_CHECK[(table @ _WEIGHTS) % 11]).view("S1").astype("<U1")


def phones(serial: np.ndarray) -> np.ndarray:
    """Eleven digits for each serial number, no two alike below 100 million."""
    return np.char.add(PHONE_RANGE, np.char.zfill(((serial * _STEP + 1_234_577) % PHONES).astype("<U8"), 8))
