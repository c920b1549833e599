"""epyestim on the areas of ``bench/estimates.py``, run in a Python that has it: python estimates_peers.py IN.npz WHAT AREAS.

WHAT is ``estimate_r`` (Cori's posterior without quantiles) or ``r_covid`` (bootstrap, smoothing, deconvolution); prints seconds.
"""

from __future__ import annotations

import sys
import time
import warnings

import numpy as np
import pandas as pd

warnings.filterwarnings("ignore")
import epyestim.covid19  # noqa: E402  (after its warnings are silenced)
from epyestim.estimate_r import estimate_r  # noqa: E402


def main(source: str, what: str, areas: str) -> int:
    given = np.load(source)
    days = pd.date_range("2020-01-20", periods=given["counts"].shape[1])
    series = [pd.Series(row, index=days) for row in given["counts"][: int(areas)]]
    interval, delay = given["interval"][1:], given["delay"]
    started = time.perf_counter()
    for one in series:
        if what == "estimate_r":
            estimate_r(one, interval, 1.0, 5.0, window_size=7)
        else:
            epyestim.covid19.r_covid(one, gt_distribution=interval, delay_distribution=delay, r_window_size=7)
    print(time.perf_counter() - started)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
