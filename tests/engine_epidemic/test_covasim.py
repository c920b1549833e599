"""This engine against Covasim's own seed-to-seed range, without Covasim: its figures are an extract of our own runs of it.

``covasim.toml`` says which version and command made them; docs/models/covasim.md explains the settings.
"""

from __future__ import annotations

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from bench.covasim_agreement import FIGURES, figures_of, our_figures
from bench.covasim_settings import (
    PEOPLE,
    controlled_setting,
    layers_setting,
    random_setting,
    rounded_lognormal,
)

from tongchou.engine.epidemic import simulate_epidemic

RANGES = tomllib.loads(Path(__file__).with_name("covasim.toml").read_text("utf-8"))
MADE = {"random": random_setting, "layers": layers_setting, "controlled": controlled_setting}
SEEDS = 12


@pytest.mark.parametrize("name", MADE)
def test_attack_rate_and_peak_lie_in_covasim_s_own_range(name):
    ours = np.median(our_figures(MADE[name](), 1001, SEEDS), axis=0)
    assert RANGES["people"] == PEOPLE
    for row in RANGES[name]:
        for figure, middle in zip(FIGURES, ours, strict=True):
            low, _median, high = row[figure]
            assert low <= middle <= high, f"{name}, Covasim {row['version']}: {figure} is {middle:.4g}, Covasim's seeds give {low} to {high}"


def test_both_models_are_given_the_same_contacts():
    """Of the layered setting: how much everybody meets on a weekday, in the pairs that Covasim draws and as the engine has it."""
    setting = layers_setting()
    met = np.zeros(setting.city.persons)
    for name, layer in setting.peer["layers"].items():
        if layer["parts"] == 0:
            for end in ("p1", "p2"):
                met += layer["beta"] * np.bincount(setting.arrays[f"{name}_{end}"], minlength=len(met))
        for part in range(layer["parts"]):
            members, start, pairs = (setting.arrays[f"{name}{part}_{key}"] for key in ("members", "start", "pairs"))
            size = np.diff(start)
            np.add.at(met, members, layer["beta"] * np.repeat(2.0 * pairs / size, size))
    same = replace(setting.disease, dispersion=0.0, asymptomatic_factor=1.0)
    everybody = simulate_epidemic(setting.city, same, contacts=setting.contacts, days=1, imports=setting.city.persons, seed=1).chain
    assert everybody.factor == pytest.approx(same.transmission * met[everybody.person], rel=1e-5)


def test_figures_and_rounded_days_by_hand():
    daily = np.zeros(30)
    daily[10:17] = 14  # a week of 14 a day: the only full week is centred on day 13
    assert figures_of(daily, 98, 1000) == pytest.approx((0.098, 13, 14.0))
    chance = rounded_lognormal(4.5, 1.5, 40)
    assert np.dot(chance, np.arange(40)) == pytest.approx(4.5, abs=0.01) and chance[0] < 1e-6
