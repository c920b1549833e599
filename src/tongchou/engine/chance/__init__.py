"""Chance without state: a random number is a function of (seed, purpose, person, day, k), whoever asks and in whatever order."""

from tongchou.engine.chance.draws import (
    below,
    exponential,
    gamma,
    lognormal,
    normal,
    poisson_from,
    range_from,
    stream,
    uniform,
    uniforms,
)  # fmt: skip
from tongchou.engine.chance.philox import philox4x32, unit, words
from tongchou.engine.chance.purposes import Purpose

__all__ = [
    "Purpose", "below", "exponential", "gamma", "lognormal", "normal", "philox4x32", "poisson_from", "range_from", "stream",
    "uniform", "uniforms", "unit", "words",
]  # fmt: skip
