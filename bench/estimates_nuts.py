"""NUTS for the model of ``tongchou.engine.estimate.renewal``: run by ``bench/estimates.py`` in a Python that has numpyro.

    python bench/estimates_nuts.py IN.npz OUT.npz [WARM-UP] [DRAWS]

IN holds counts (areas, days), generation, delay and the prior's sds; OUT gets mean, sd, quantiles of R by day and seconds an area.
"""

from __future__ import annotations

import sys
import time

import jax
import jax.numpy as jnp
import numpy as np
import numpyro
import numpyro.distributions as dist
from numpyro.infer import MCMC, NUTS

numpyro.enable_x64()
LEVELS = (0.025, 0.5, 0.975)


def model(counts, generation, delay, sds, walk_sd, kappa_sd):
    days = counts.shape[0]
    early = max(len(generation), len(delay))
    walk = numpyro.sample("walk", dist.HalfNormal(walk_sd))
    kappa = numpyro.sample("kappa", dist.HalfNormal(kappa_sd))
    first = numpyro.sample("first", dist.Normal(0, sds[0]))
    steps = numpyro.sample("steps", dist.Normal(0, 1).expand([days - 1]))
    log_r = numpyro.deterministic("log_r", jnp.concatenate([first[None], first + walk * jnp.cumsum(steps)]))
    growth = numpyro.sample("growth", dist.Normal(0, sds[1]))
    level = numpyro.sample("level", dist.Normal(jnp.log(counts[:7].mean() + 0.5), sds[2]))
    weekday = numpyro.sample("weekday", dist.Normal(0, sds[3]).expand([7]))
    before = jnp.exp(level - growth * jnp.arange(early - 1, -1, -1))
    backwards = jnp.zeros(early).at[: len(generation) - 1].set(generation[1:])[::-1]

    def renew(past, number):
        today = jnp.exp(number) * (past @ backwards)
        return jnp.concatenate([past[1:], today[None]]), today

    _past, infected = jax.lax.scan(renew, before, log_r)
    spread = jnp.convolve(jnp.concatenate([before, infected]), delay)[early : early + days]
    effect = jnp.exp(weekday - weekday.mean())[jnp.arange(days) % 7]
    numpyro.sample("reports", dist.NegativeBinomial2(spread * effect + 1e-9, 1 / kappa**2), obs=counts)


def main(source: str, target: str, warm_up: str = "500", draws: str = "1000") -> int:
    given = np.load(source)
    answers: dict[str, list] = {"mean": [], "sd": [], "quantiles": [], "seconds": [], "walk": [], "kappa": []}
    sampler = MCMC(
        NUTS(model, target_accept_prob=0.9),
        num_warmup=int(warm_up),
        num_samples=int(draws),
        num_chains=1,
        progress_bar=False,
    )
    for place, counts in enumerate(given["counts"]):
        start = time.perf_counter()
        sampler.run(
            jax.random.PRNGKey(place), jnp.asarray(counts, dtype=float), jnp.asarray(given["generation"]), jnp.asarray(given["delay"]),
            given["sds"], float(given["walk_sd"]), float(given["kappa_sd"]),
        )  # fmt: skip
        drawn = sampler.get_samples()
        number = np.exp(np.asarray(drawn["log_r"]))
        answers["seconds"].append(time.perf_counter() - start)
        answers["mean"].append(number.mean(axis=0))
        answers["sd"].append(number.std(axis=0))
        answers["quantiles"].append(np.quantile(number, LEVELS, axis=0).T)
        answers["walk"].append(float(drawn["walk"].mean()))
        answers["kappa"].append(float(drawn["kappa"].mean()))
        print(f"area {place}: {answers['seconds'][-1]:.1f} s", flush=True)
    np.savez(target, **{key: np.asarray(value) for key, value in answers.items()})
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
