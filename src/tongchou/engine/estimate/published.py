"""Published delays, as the rulebook keeps them, turned into distributions the engine can use."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tongchou.engine.estimate.delays import Delay, delay_of_moments, delay_of_quantiles
from tongchou.engine.estimate.errors import EstimateError


def delay_of_rule(value: Mapping[str, Any]) -> Delay:
    """The delay of a rule's value: shapes ``distribution`` (pack statistics) and ``published_delay`` (pack delays).

    Parameters are taken as printed where the paper prints them, else from mean and sd, else from the median and the
    highest quantile. A published delay whose family is not stated is taken as gamma.
    Raises EstimateError where the value holds too little, or a normal distribution (which allows negative days).
    """
    family = str(value.get("family", "unstated"))
    if family == "normal":
        raise EstimateError(
            "正态分布允许负的天数，不能作为时滞分布；只可用其均值与标准差",
            "a normal distribution allows negative days and is no delay; use its mean and sd only",
        )
    kind = "gamma" if family in ("unstated", "shifted_gamma") else family
    if kind == "lognormal" and "meanlog" in value and "sdlog" in value:
        return Delay(kind, float(value["meanlog"]), float(value["sdlog"]))
    if "mean_days" in value and "sd_days" in value:
        offset = 1.0 if family == "shifted_gamma" else 0.0
        return delay_of_moments(kind, float(value["mean_days"]), float(value["sd_days"]), offset)
    if kind != "lognormal" and "shape" in value and "scale" in value:
        return Delay(kind, float(value["shape"]), float(value["scale"]))
    return _of_quantiles(kind, value)


def _of_quantiles(kind: str, value: Mapping[str, Any]) -> Delay:
    known = {float(row["percent"]): float(row["days"]) for row in value.get("quantiles", ()) if float(row["days"]) > 0}
    for key, percent in (("median_days", 50.0), ("p97_5_days", 97.5)):
        if key in value:
            known[percent] = float(value[key])
    if len(known) < 2 or max(known) <= 50:
        raise EstimateError(
            "该条目没有足够的数字（均值与标准差，或两个分位数），请选用另一条",
            "the entry holds too few figures (mean and sd, or two quantiles); choose another",
        )
    low = 50.0 if 50.0 in known else min(known)
    return delay_of_quantiles(kind, (low / 100, max(known) / 100), (known[low], known[max(known)]))
