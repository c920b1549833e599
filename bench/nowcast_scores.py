"""Nowcasts on every day of public line lists and snapshots, scored against what was known in the end.

    .venv/bin/python -m bench.nowcast_scores ../shared/data

From the 30th report (or a third of the cases, if fewer) until the delay of 90 % of the cases before the last report, the newest eight
days of onset (EpiNow2's snapshots: twelve). Prints the table of ``docs/models/nowcast.md``.
"""

from __future__ import annotations

import csv
import gzip
import io
import re
import sys
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import numpy as np

ROOT = Path(__file__).resolve().parents[1]
sys.path[:0] = [str(ROOT / "src"), str(ROOT)]

from tongchou.engine.estimate import Reports, nowcast_counts, reports_of_cases  # noqa: E402  (path above)
from tongchou.engine.estimate.scoring import score_coverage, score_quantiles  # noqa: E402

Cases = list[tuple[date | None, date | None]]


def main(data: str) -> int:
    sets: list[tuple[str, list[tuple[Reports, np.ndarray, int]], int]] = [("simulated, 24 outbreaks", list(_simulated()), 8)]
    sets.append(("EpiNow2's snapshots, Italy", list(_snapshots(Path(data))), 12))
    sets += [(name, list(_days(read(Path(data)))), 8) for name, read in LINE_LISTS.items()]
    for name, nowcasts, newest in sets:
        scores, known, inside, level = [], [], [], []
        for reports, truth, longest in nowcasts:
            result = nowcast_counts(reports, most_delay_days=longest, draws=400)
            part, seen = result.quantiles[0, -newest:], truth[-newest:].astype(float)
            scores.append(score_quantiles(part, seen, result.levels).total.mean())
            inside.append(score_coverage(part, seen, 0.9, result.levels).mean())
            known.append(np.abs(result.known[0, -newest:] - seen).mean())
            level.append(seen.mean())
        print(
            f"{name}: nowcasts {len(scores)}, mean count {np.mean(level):.2f}, score {np.mean(scores):.3f}, "
            f"known only {np.mean(known):.3f}, in 90 % {np.mean(inside):.3f}"
        )
    return 0


def _days(cases: Cases) -> Iterator[tuple[Reports, np.ndarray, int]]:
    pairs = [(a.toordinal(), b.toordinal()) for a, b in cases if a and b and b >= a]
    days = np.array(pairs) - min(a for a, _b in pairs)
    onset, report = days[:, 0], days[:, 1]
    waited = report - onset
    longest = int(min(30, np.quantile(waited, 0.99)))
    whole = reports_of_cases(onset, report, last=int(report.max()))
    start = int(np.sort(report)[min(29, len(report) // 3)])
    end = min(int(np.sort(onset)[int(0.97 * len(onset))]) + 1, int(report.max()) - int(np.quantile(waited, 0.9)))
    for now in range(start, end):
        yield whole.as_of(now), whole.known[0, : now + 1], longest


def _simulated() -> Iterator[tuple[Reports, np.ndarray, int]]:
    """Wandering growth, counts with spread, log-normal delays that mostly shorten."""
    chance = np.random.default_rng(0)
    for _outbreak in range(24):
        days = 60
        steps = np.cumsum(chance.normal(0, 0.04, days)) + chance.normal(0, 0.04)
        level = np.exp(np.log(chance.uniform(1, 15)) + np.cumsum(np.clip(steps, -0.2, 0.2)))
        counts = chance.poisson(np.minimum(level, 300) * chance.gamma(5, 1 / 5, days))
        onset = np.repeat(np.arange(days), counts)
        middle = np.log(chance.uniform(3, 8)) - chance.uniform(-0.2, 0.8) * onset / days
        waited = chance.random(len(onset)) + np.exp(middle + chance.uniform(0.4, 0.8) * chance.normal(size=len(onset)))
        whole = reports_of_cases(onset, onset + np.minimum(np.floor(waited).astype(int), 60), last=125)
        for now in range(20, 60, 5):
            if whole.as_of(now).known.sum() >= 5:
                yield whole.as_of(now), whole.known[0, : now + 1], 21


def _snapshots(data: Path) -> Iterator[tuple[Reports, np.ndarray, int]]:
    first = date(2020, 2, 22)
    totals = np.zeros((1, 5, 60), dtype=np.int64)
    for row in _rows(data / "nowcast" / "epinow2_example_truncated.csv"):
        totals[0, int(row["snapshot"]) - 1, (date.fromisoformat(row["date"]) - first).days] = int(row["confirm"])
    later = np.array([int(row["confirm"]) for row in _rows(data / "nowcast" / "epinow2_example_confirmed.csv")])
    whole = Reports(totals, np.array([39, 44, 49, 54, 59]))
    for report in (2, 3, 4):
        now = whole.as_of(report)
        yield now, later[: now.known.shape[1]], 15


def _rows(path: Path) -> Iterator[dict[str, str]]:
    raw = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    yield from csv.DictReader(io.StringIO(raw.decode("utf-8-sig")))


def _day(text: str) -> date | None:
    """A date written 2020-02-14, 14/02/2020 or 14.02.2020; None for anything else, as ranges and NA."""
    written = re.fullmatch(r"(\d{4})-(\d\d)-(\d\d).*", text.strip())
    turned = re.fullmatch(r"(\d\d)[./](\d\d)[./](\d{4})", text.strip())
    parts = written.groups() if written else turned.groups()[::-1] if turned else None
    try:
        return date(*(int(part) for part in parts)) if parts else None
    except ValueError:
        return None


def _of(file: str, onset: str, report: str) -> Callable[[Path], Cases]:
    return lambda data: [(_day(row[onset]), _day(row[report])) for row in _rows(data / file)]


LINE_LISTS: dict[str, Callable[[Path], Cases]] = {
    "measles, Hagelloch 1861": _of("outbreaks/measles_hagelloch_1861.csv", "date_of_prodrome", "date_of_rash"),
    "Tianjin 2020": _of("tianjin-cluster/Tianjin135cases_revised.csv", "symptom_onset", "confirm_date"),
    "MERS, Korea 2015": _of("outbreaks/mers_korea_2015_linelist.csv", "dt_onset", "dt_report"),
    "H7N9, China 2013": _of("outbreaks/fluH7N9_china_2013.csv", "date_of_onset", "date_of_hospitalisation"),
    "Taiwan to 31 March 2020": _of("taiwan-linelist/individuals_to_2020-03-31.csv", "onset_of_symptom", "confirmed_date"),
    "open line list, China 2020": _of("open-linelist-china/linelist.csv.gz", "date_onset_symptoms", "date_confirmation"),
}


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
