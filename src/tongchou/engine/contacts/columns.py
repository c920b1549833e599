"""The columns of an answer while they are being written."""

from __future__ import annotations

from dataclasses import dataclass, fields

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.contacts.records import Ints


@dataclass(frozen=True)
class Columns:
    """Arrays of one length, one entry a pair; what they hold is said at ``Contacts``."""

    case: Ints
    contact: Ints
    overlap_s: Ints
    meetings: NDArray[np.int32]
    first: Ints
    last: Ints
    generation: NDArray[np.int8]
    certainty: NDArray[np.float32]
    places: NDArray[np.int32]
    is_case: NDArray[np.bool_]

    @classmethod
    def of(cls, rows: int) -> Columns:
        """Room for ``rows`` pairs, nothing written yet. numpy's own memory: it asks the machine for large pages."""
        return cls(
            case=np.empty(rows, np.int64),
            contact=np.empty(rows, np.int64),
            overlap_s=np.empty(rows, np.int64),
            meetings=np.empty(rows, np.int32),
            first=np.empty(rows, np.int64),
            last=np.empty(rows, np.int64),
            generation=np.empty(rows, np.int8),
            certainty=np.empty(rows, np.float32),
            places=np.empty(rows, np.int32),
            is_case=np.empty(rows, np.bool_),
        )

    def part(self, low: int, high: int) -> Columns:
        """The rows in [low, high), to be written in place."""
        return Columns(*(getattr(self, field.name)[low:high] for field in fields(self)))
