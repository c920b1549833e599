"""What a comparison of two scenarios says: bands by day, totals, peaks, and what the second changes, paired by seed."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from tongchou.engine.epidemic.ensemble import (
    QUANTILES,
    SERIES,
    Gain,
    estimate_bands,
    estimate_gain,
    find_paired_difference,
)
from tongchou.store.ensemble_runner import Ensemble

ARMS = ("first", "second")
ORDER = SERIES
"""series in the order of a table; PostgreSQL keeps the keys of a stored object in an order of its own"""
PEAKS = ("beds", "away", "infectious")
"""series whose highest day matters as well as their sum"""


def result_of(ensemble: Ensemble, *, beds: int | None) -> dict[str, Any]:
    """The figures of a finished ensemble with the arms ``ARMS``. ``beds``: hospital beds there are, None where not known.

    ``quantiles`` names the rows of ``bands`` [quantile][day] and ``totals`` [quantile]; ``gains`` are second less first within
    pairs of one seed; ``persons`` counts people spared, added and infected on another day by the second, pair by pair.
    """
    read = _Read(ensemble)
    return {
        "quantiles": list(QUANTILES),
        "replicates": len(read.seeds),
        "bands": {arm: {name: _rounded(estimate_bands(read.series[arm][name])) for name in SERIES} for arm in ARMS},
        "totals": {arm: {name: _rounded(np.quantile(read.totals(arm, name), QUANTILES)) for name in SERIES} for arm in ARMS},
        "peaks": {arm: {name: _rounded(np.quantile(read.peaks(arm, name), QUANTILES)) for name in PEAKS} for arm in ARMS},
        "gains": {
            **{name: _gain(read.totals("first", name), read.totals("second", name)) for name in SERIES},
            **{f"peak_{name}": _gain(read.peaks("first", name), read.peaks("second", name)) for name in PEAKS},
        },
        "sectors": {arm: _rounded(np.quantile(np.stack(read.sectors[arm]), 0.5, axis=0)) for arm in ARMS},
        "sector_gains": [
            _gain([lost[number] for lost in read.sectors["first"]], [lost[number] for lost in read.sectors["second"]])
            for number in range(len(read.sectors["first"][0]))
        ],
        "persons": {name: _rounded(np.quantile(values, (0.05, 0.5, 0.95))) for name, values in read.persons.items()},
        "over_beds": None if beds is None else {arm: _share_over(read.series[arm]["beds"], beds) for arm in ARMS},
        "sha256": read.digest(),
    }  # fmt: skip


class _Read:
    """The pairs of an ensemble, read one at a time: of each only its series stay, never who was infected."""

    def __init__(self, ensemble: Ensemble) -> None:
        self.series: dict[str, dict[str, list[Any]]] = {arm: {name: [] for name in SERIES} for arm in ARMS}
        self.sectors: dict[str, list[Any]] = {arm: [] for arm in ARMS}
        self.persons: dict[str, list[int]] = {"spared": [], "added": [], "moved": []}
        self.seeds: list[int] = []
        self._seen = hashlib.sha256()
        for pair in ensemble.pairs(*ARMS):
            for arm, run in zip(ARMS, pair, strict=True):
                self.sectors[arm].append(run.lost_by_sector)
                for name in SERIES:
                    self.series[arm][name].append(run.series[name])
                self._seen.update(f"{arm} {run.seed} {run.sha256}\n".encode())
            change = find_paired_difference(*pair)
            for name, values in self.persons.items():
                values.append(getattr(change, name))
            self.seeds.append(pair[0].seed)

    def totals(self, arm: str, name: str) -> list[float]:
        return [float(one.sum()) for one in self.series[arm][name]]

    def peaks(self, arm: str, name: str) -> list[float]:
        return [float(one.max()) for one in self.series[arm][name]]

    def digest(self) -> str:
        """SHA-256 over the hashes of all runs, in the order of their seeds."""
        return self._seen.hexdigest()


def _share_over(series: list[Any], beds: int) -> float:
    """Share of the runs in which more beds are needed than there are, on at least one day."""
    return round(float(np.mean([one.max() > beds for one in series])), 4)


def _gain(first: Any, second: Any) -> dict[str, float | None]:
    gain: Gain = estimate_gain(first, second)
    return {name: round(value, 2) if np.isfinite(value) else None for name, value in asdict(gain).items()}


def _rounded(values: Any) -> Any:
    return np.round(values, 2).tolist()


def stated_city(info: Mapping[str, Any]) -> str:
    """The data version of a comparison: where the city is from and the hash of its arrays."""
    return f"{info['source']} · {str(info['sha256'])[:16]}"
