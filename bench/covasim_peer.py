"""Covasim on a setting written by ``bench.covasim_agreement``, in Covasim's own virtual environment.

    python covasim_peer.py SETTING.json SETTING.npz FIRST_SEED SEEDS     one JSON line a seed
    python covasim_peer.py --shipped PEOPLE OUT.npz OUT.json             Covasim's own population and course of disease

Runs under Covasim 3.1 and 4.0; what differs between the two is in ``_Third`` and ``_fourth``. The layout of a setting is
described in ``bench/covasim_settings.py``.
"""

from __future__ import annotations

import contextlib
import io
import json
import sys
from pathlib import Path
from typing import Any

import covasim as cv  # the peer stands in its own environment
import numpy as np

FOURTH = cv.__version__.startswith("4")
WORKDAYS = 5


class Meetings:
    """The pairs of one layer that meet on a day: drawn anew from its groups every day, a Poisson number from each.

    ``parts`` are (members, start, pairs, weekend): the members of each group, and how many pairs meet there on a weekday.
    """

    def __init__(self, parts: list[tuple[Any, ...]], seed: int) -> None:
        self.parts, self.rng = parts, np.random.default_rng(seed)

    def on(self, day: int) -> tuple[Any, Any]:
        found = [self._drawn(part, 1.0 if day % 7 < WORKDAYS else float(part[3])) for part in self.parts]
        first, second = (np.concatenate(side) for side in zip(*found, strict=True))
        return first.astype(np.int32), second.astype(np.int32)

    def _drawn(self, part: tuple[Any, ...], share: float) -> tuple[Any, Any]:
        members, start, pairs, _weekend = part
        size = np.diff(start)
        group = np.repeat(np.arange(len(size)), self.rng.poisson(pairs * share))
        one = (self.rng.random(len(group)) * size[group]).astype(np.int64)
        other = (self.rng.random(len(group)) * (size[group] - 1)).astype(np.int64)
        other += other >= one
        return members[start[group] + one], members[start[group] + other]


def read_layers(setting: dict[str, Any], arrays: Any, seed: int) -> dict[str, Any]:
    """By layer: a pair of arrays where contacts are fixed, ``Meetings`` where they are drawn every day."""
    layers: dict[str, Any] = {}
    for at, (name, layer) in enumerate(setting["layers"].items()):
        if layer["parts"] == 0:
            layers[name] = (arrays[f"{name}_p1"], arrays[f"{name}_p2"])
            continue
        parts = [tuple(arrays[f"{name}{part}_{key}"] for key in ("members", "start", "pairs", "weekend")) for part in range(layer["parts"])]
        layers[name] = Meetings(parts, 1_000_003 * seed + at)
    return layers


def layer_pars(setting: dict[str, Any]) -> dict[str, Any]:
    rows = setting["layers"].items()
    names = {"beta_layer": "beta", "iso_factor": "isolated", "quar_factor": "quarantined"}
    return {key: {name: row[own] for name, row in rows} for key, own in names.items()}


def prognoses(setting: dict[str, Any]) -> dict[str, Any]:
    """Susceptibility and share with symptoms by age; nobody is severe, so that nobody dies or is ill for longer."""
    ages = setting["ages"]
    ones, zeros = np.ones(len(ages["from_age"])), np.zeros(len(ages["from_age"]))
    return {
        "age_cutoffs": np.array(ages["from_age"]), "sus_ORs": np.array(ages["susceptibility"]), "trans_ORs": ones,
        "comorbidities": ones, "symp_probs": np.array(ages["symptoms"]), "severe_probs": zeros, "crit_probs": zeros, "death_probs": zeros,
    }


def measures(setting: dict[str, Any]) -> list[Any]:
    order = setting["measures"]
    if not order:
        return []
    first, last = order["closed_from"], order["closed_to"]
    return [
        cv.test_prob(symp_prob=order["tested_daily"], asymp_prob=0.0, test_delay=order["result_days"]),
        cv.contact_tracing(trace_probs=order["found"], trace_time=order["delay"], quar_period=order["quarantine_days"]),
        cv.change_beta(days=[first, last + 1], changes=[0.0, 1.0], layers=order["closed"]),
    ]


def disease_pars(setting: dict[str, Any]) -> dict[str, Any]:
    """What differs from Covasim's own course of disease; nothing where the setting leaves it."""
    if setting["durations"] is None:
        return {"dur": cv.make_pars()["dur"]}
    given = {key: {"dist": "lognormal_int", "par1": mean, "par2": sd} for key, (mean, sd) in setting["durations"].items()}
    durations = {**cv.make_pars()["dur"], **given}
    none = {"dist": "uniform", "par1": 1.0, "par2": 1.0}
    spread = {"dist": "neg_binomial", "par1": 1.0, "par2": setting["dispersion"], "step": 0.01} if setting["dispersion"] else none
    return {"dur": durations, "beta_dist": spread, "viral_dist": setting["viral"], "asymp_factor": setting["asymptomatic_factor"], "prognoses": prognoses(setting)}


def third(setting: dict[str, Any], arrays: Any, seed: int) -> Any:
    class Daily(cv.Layer):
        """A layer that draws its pairs from ``Meetings`` when Covasim asks a dynamic layer for the day's contacts."""

        def update(self, people: Any, frac: float = 1.0) -> None:
            self["p1"], self["p2"] = self.meetings.on(people.t)
            self["beta"] = np.ones(len(self["p1"]), np.float32)

    layers = read_layers(setting, arrays, seed)
    empty = np.empty(0, np.int32)
    contacts = {name: ({"p1": empty, "p2": empty} if isinstance(layer, Meetings) else {"p1": layer[0], "p2": layer[1]}) for name, layer in layers.items()}
    people = {"uid": np.arange(setting["people"]), "age": arrays["age"] + 0.5, "sex": np.zeros(setting["people"]), "contacts": contacts, "layer_keys": list(layers)}
    pars = {"pop_size": setting["people"], "pop_infected": setting["imports"], "n_days": setting["days"] - 1, "rand_seed": seed, "use_waning": False, "verbose": 0}
    sim = cv.Sim(pars={**pars, "beta": setting["beta"], "interventions": measures(setting), **disease_pars(setting)}, people=people)
    sim.pars.update(contacts=dict.fromkeys(layers, 1), dynam_layer={name: int(isinstance(layer, Meetings)) for name, layer in layers.items()}, **layer_pars(setting))
    sim.initialize()
    for name, layer in layers.items():
        if isinstance(layer, Meetings):
            daily = Daily(p1=empty, p2=empty, beta=np.empty(0, np.float32), label=name)
            daily.meetings = layer
            sim.people.contacts[name] = daily
    return sim.run()


def fourth(setting: dict[str, Any], arrays: Any, seed: int) -> Any:
    import starsim as ss

    class Daily(ss.Network):
        """A network that draws its pairs from ``Meetings`` on every step, before the disease's step."""

        def init_post(self, add_pairs: bool = True) -> None:
            super().init_post(add_pairs=False)

        def step(self) -> None:
            first, second = self.meetings.on(self.ti)
            self.edges.p1, self.edges.p2 = ss.uids(first), ss.uids(second)
            self.edges.beta = np.ones(len(first), ss.dtypes.float)

    class Aged(cv.COVID):
        """Gives everybody the age of the setting before prognoses by age are looked up."""

        def init_prognoses(self) -> None:
            self.sim.people.age[:] = arrays["age"] + 0.5
            super().init_prognoses()

    networks = []
    for name, layer in read_layers(setting, arrays, seed).items():
        if isinstance(layer, Meetings):
            net = Daily(name=name)
            net.meetings = layer
        else:
            net = ss.Network(name=name, p1=layer[0], p2=layer[1], beta=np.ones(len(layer[0])))
        networks.append(net)
    pars = disease_pars(setting)
    durations = cv.covid.v3_durs(pars.pop("dur"))
    covid = Aged(name="covid", init_prev=ss.choose_n(setting["imports"]), use_waning=False, beta=ss.probperday(setting["beta"]), **durations, **pars, **layer_pars(setting))
    sim = cv.Sim(pop_size=setting["people"], n_days=setting["days"] - 1, rand_seed=seed, networks=networks, diseases=covid, interventions=measures(setting), verbose=0)
    return sim.run()


def as_shipped(setting: dict[str, Any], seed: int) -> Any:
    """Covasim with its own population, networks, course and prognoses; only waning of immunity is off."""
    sim = cv.Sim(
        pop_type="hybrid", pop_size=setting["people"], pop_infected=setting["imports"], n_days=setting["days"] - 1, rand_seed=seed,
        use_waning=False, verbose=0,
    )  # fmt: skip
    return sim.run()


def once(setting: dict[str, Any], arrays: Any, seed: int) -> dict[str, Any]:
    """Infections by day; those of day 0 are the initial ones and what they infect at once."""
    sim = as_shipped(setting, seed) if setting["shipped"] else (fourth if FOURTH else third)(setting, arrays, seed)
    infected = setting["people"] - int(np.count_nonzero(np.asarray(sim.people.naive)))  # the dead, whom version 4 leaves out, were infected
    daily = np.asarray(sim.results["new_infections"]).astype(int).tolist()
    return {"version": cv.__version__, "seed": seed, "ever_infected": infected, "daily": daily}


def shipped(people: int, arrays: Path, course: Path) -> None:
    """Write the ages and households of Covasim's own population of seed 1, and what its course of disease comes to."""
    sim = cv.Sim(pop_type="hybrid", pop_size=people, rand_seed=1, use_waning=False, verbose=0)
    sim.initialize()
    first, second = sim.people.contacts["h"]["p1"], sim.people.contacts["h"]["p2"]
    household = np.arange(people)
    np.minimum.at(household, second, first)
    np.savez(arrays, age=sim.people.age, household=household)
    course.write_text(json.dumps(_course(sim)), encoding="utf-8")


def _course(sim: Any, days: int = 100) -> dict[str, Any]:
    """Everybody is infected on day 0: days until infectious, load by day of the infectious period of those with and without symptoms."""
    from covasim import utils

    sim.people.t = 0
    sim.people.infect(inds=np.arange(sim["pop_size"]))
    people, viral = sim.people, sim["viral_dist"]
    load, start = np.zeros((days, sim["pop_size"])), people.date_infectious
    stop = np.where(np.isnan(people.date_dead), people.date_recovered, people.date_dead) - start
    two_steps = [np.float32(viral[key]) for key in ("frac_time", "load_ratio", "high_cap")]
    for day in range(days):
        each = utils.compute_viral_load(day, 0 * start, people.date_recovered - start, people.date_dead - start, *two_steps)
        load[day] = np.where(day < stop, each, 0.0)
    ill = ~np.isnan(people.date_symptomatic)
    ages = sim["prognoses"]
    return {
        "version": cv.__version__, "beta": sim["beta"], "beta_layer": sim["beta_layer"], "contacts": sim["contacts"],
        "dispersion": sim["beta_dist"]["par2"], "latent": np.bincount(people.date_infectious.astype(int)).tolist(),
        "load_ill": load[:, ill].mean(axis=1).tolist(), "load_silent": load[:, ~ill].mean(axis=1).tolist(),
        "from_age": ages["age_cutoffs"].tolist(), "susceptibility": ages["sus_ORs"].tolist(), "symptoms": ages["symp_probs"].tolist(),
    }  # fmt: skip


def main() -> None:
    if sys.argv[1] == "--shipped":
        shipped(int(sys.argv[2]), Path(sys.argv[3]), Path(sys.argv[4]))
        return
    setting = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
    first, seeds = int(sys.argv[3]), int(sys.argv[4])
    with np.load(sys.argv[2]) as file:
        arrays = {name: file[name] for name in file.files}
    for seed in range(first, first + seeds):
        with contextlib.redirect_stdout(io.StringIO()):
            row = once(setting, arrays, seed)
        print(json.dumps(row), flush=True)


if __name__ == "__main__":
    main()
