"""One run of a peer, in the peer's own virtual environment: ``python epidemic_peers.py PEER SCENARIO PEOPLE DAYS SEED``.

Prints one JSON line: build_s, run_s (both without imports and compilation, as the peer's own user would see them the second
time), infections, peak_rss_mib. Parameters are those of ``docs/benchmarks.md``.
"""

from __future__ import annotations

import contextlib
import io
import json
import resource
import sys
import time
from typing import Any

SEEDS = 20


def covasim(scenario: str, people: int, days: int, seed: int) -> tuple[float, float, int]:
    import covasim as cv  # the peer stands in its own environment

    options: dict[str, Any] = {}
    if scenario == "controlled":
        options["interventions"] = [
            cv.test_prob(symp_prob=0.4, asymp_prob=0.001, symp_quar_prob=1.0, asymp_quar_prob=0.5, test_delay=1),
            cv.contact_tracing(trace_probs={"h": 1, "s": 0.7, "w": 0.7, "c": 0.2}, trace_time={"h": 0, "s": 1, "w": 1, "c": 2}),
            cv.change_beta(days=0, changes=0.6, layers=["s", "w", "c"]),
        ]
    started = time.perf_counter()
    sim = cv.Sim(pop_size=people, pop_type="hybrid", n_days=days, pop_infected=SEEDS, rand_seed=seed, verbose=0, **options)
    sim.initialize()
    built = time.perf_counter()
    sim.run()
    ended = time.perf_counter()
    results = sim.results["cum_infections"]
    return built - started, ended - built, int(results[-1])


def starsim(scenario: str, people: int, days: int, seed: int) -> tuple[float, float, int]:
    import starsim as ss  # the peer stands in its own environment

    started = time.perf_counter()
    disease = ss.SIR(beta=ss.perday(0.05), init_prev=SEEDS / people, dur_inf=ss.days(8), p_death=0)
    sim = ss.Sim(
        n_agents=people, diseases=disease, networks=ss.RandomNet(n_contacts=20), start=ss.date("2020-01-01"), dur=ss.days(days),
        dt=ss.days(1), rand_seed=seed, verbose=0,
    )
    sim.init()
    built = time.perf_counter()
    sim.run()
    ended = time.perf_counter()
    name = next(iter(sim.diseases.keys()))
    return built - started, ended - built, int(sim.results[name].cum_infections[-1])


def epiworld(scenario: str, people: int, days: int, seed: int) -> tuple[float, float, int]:
    import numpy as np  # the peer stands in its own environment
    from epiworldpy import epimodels

    rng = np.random.default_rng(seed)
    source = np.repeat(np.arange(people), 11)
    target = rng.integers(0, people, len(source))
    started = time.perf_counter()
    share = SEEDS / people
    if scenario == "controlled":
        model = epimodels.ModelSEIRNetworkQuarantine("v", share, 0.012, 4.0, 0.125, 0.02, 7.0, 2.0, 14, 0.9, 0.95, 14, 0.8, 4)
    else:
        model = epimodels.ModelSEIR("v", share, 0.02, 4.0, 0.125)
    model.verbose_off()
    model.agents_from_edgelist(source, target, people, False)
    built = time.perf_counter()
    model.run(days, seed)
    ended = time.perf_counter()
    still = sum(state == 0 for state in model.get_agents_states())  # state 0 is Susceptible
    return built - started, ended - built, people - int(still)


def laser(scenario: str, people: int, days: int, seed: int) -> tuple[float, float, int]:
    import geopandas as gpd  # the peer stands in its own environment
    import laser.core.distributions as laws
    import numpy as np
    from laser.core import PropertySet
    from laser.generic import SEIR, Model
    from shapely.geometry import box

    def once() -> tuple[float, float, int]:
        patches = 100
        each = np.full(patches, people // patches)
        first = np.zeros(patches, int)
        first[:SEEDS] = 1
        frame = gpd.GeoDataFrame(
            {"nodeid": range(patches), "population": each, "S": each - first, "E": 0 * first, "I": first, "R": 0 * first},
            geometry=[box(x % 10, x // 10, x % 10 + 1, x // 10 + 1) for x in range(patches)], crs="EPSG:4326",
        )  # fmt: skip
        started = time.perf_counter()
        model = Model(frame, PropertySet({"nticks": days, "beta": 0.3125, "seed": seed}))
        latent, course = laws.gamma(shape=4.0, scale=1.0), laws.gamma(shape=8.0, scale=1.0)
        model.components = [
            SEIR.Susceptible(model), SEIR.Exposed(model, latent, course), SEIR.Infectious(model, course), SEIR.Recovered(model),
            SEIR.Transmission(model, latent),
        ]  # fmt: skip
        built = time.perf_counter()
        model.run()
        ended = time.perf_counter()
        return built - started, ended - built, people - int(model.nodes.S[-1].sum())

    once()  # the first run compiles
    return once()


PEERS = {"covasim3": covasim, "covasim4": covasim, "starsim": starsim, "epiworld": epiworld, "laser": laser}


def main() -> None:
    peer, scenario = sys.argv[1:3]
    people, days, seed = (int(word) for word in sys.argv[3:6])
    with contextlib.redirect_stdout(io.StringIO()):
        build_s, run_s, infections = PEERS[peer](scenario, people, days, seed)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024
    print(json.dumps({"build_s": round(build_s, 3), "run_s": round(run_s, 3), "infections": infections, "peak_rss_mib": peak}))


if __name__ == "__main__":
    main()
