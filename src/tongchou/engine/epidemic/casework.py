"""Casework of a day: admissions, samples, results, isolation, tracing, quarantine."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tongchou.engine.city import City
from tongchou.engine.epidemic.disease import Law
from tongchou.engine.epidemic.ground import Chain, Ground, Rules, State
from tongchou.engine.epidemic.levels import Reports
from tongchou.engine.epidemic.ordinance import Ordinance


class Casework:
    def __init__(self, city: City, ground: Ground, law: Law, state: State, ordinance: Ordinance, seed: int) -> None:
        self.city, self.ground, self.law, self.state, self.ordinance, self.seed = city, ground, law, state, ordinance, seed
        self.reports = Reports(city.neighbourhoods)

    def work(self, day: int, rules: Rules, chain: Chain) -> None:
        pass

    def meet_new(self, day: int, rules: Rules, chain: Chain, first: int, last: int, imported: int) -> None:
        pass

    def log(self, days: int):
        return None
