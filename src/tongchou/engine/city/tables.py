"""Small tables of whole numbers that fit both margins, and lots drawn by them."""

from __future__ import annotations

import numpy as np

from tongchou.engine.city.census import Counts, Reals, share_out


def fit_table(prior: Reals, rows: Counts, columns: Counts) -> Counts:
    """Whole numbers with the sums ``rows`` and ``columns`` (equal totals), near to ``prior`` scaled (Deming and Stephan 1940).

    Rows are met always, columns wherever moves inside rows can meet them.
    """
    table = prior.astype(np.float64) + 1e-12
    for _sweep in range(500):
        table *= (columns / np.maximum(table.sum(axis=0), 1e-300))[None, :]
        table *= (rows / np.maximum(table.sum(axis=1), 1e-300))[:, None]
        if np.abs(table.sum(axis=0) - columns).max() < 0.1:
            break
    whole = np.array([share_out(int(count), weights) for count, weights in zip(rows, table, strict=True)])
    for _move in range(10_000):
        surplus = whole.sum(axis=0) - columns
        source, target = int(np.argmax(surplus)), int(np.argmin(surplus))
        if surplus[source] <= 0:
            break
        row = int(np.argmax(np.where(whole[:, source] > 0, table[:, target] + 1e-9, 0.0)))
        many = max(1, min(int(surplus[source]), int(-surplus[target]), int(whole[row, source])))
        whole[row, source] -= many
        whole[row, target] += many
    return whole
