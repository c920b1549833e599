"""The background job of a comparison: make the city, run both scenarios many times, keep the figures, tell who asked."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction

from tongchou import citytime, jobs, notices
from tongchou.bridge import scenario_choices as choices
from tongchou.bridge.city_rows import read_city
from tongchou.bridge.scenario_result import ARMS, result_of, stated_city
from tongchou.engine.city import City, CityFault, synthesize_city
from tongchou.engine.epidemic import EpidemicFault, Imports
from tongchou.engine.epidemic.ensemble import digest_of
from tongchou.engine.epidemic.scenario import read_scenario
from tongchou.refusal import Refusal
from tongchou.scenarios.models import ScenarioRun
from tongchou.store.census_tables import read_census
from tongchou.store.city_file import load_city, read_manifest, save_city
from tongchou.store.ensemble_runner import Ensemble, ready_arm, run_ensemble, usable_cores
from tongchou.store.ensemble_runs import engine_digest
from tongchou.store.epidemic_packs import load_contacts

ASK_S = 1.0
"""how often a running comparison looks whether it was cancelled"""


def folder_of(run_id: str) -> Path:
    """Where a comparison keeps its city and its finished replicates until it is done."""
    return Path(settings.DATA) / "scenarios" / run_id


def work(run: jobs.Run) -> dict[str, Any]:
    """Do the job ``scenario.run`` from where it stands: the city and every finished replicate are on disk."""
    row = ScenarioRun.objects.get(pk=run.args["run"])
    if row.computed_at is not None:
        return {"run": str(row.pk)}
    started = time.monotonic()
    folder = folder_of(str(row.pk))
    folder.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.mkdir(exist_ok=True, mode=0o700)  # holds ages and households of residents where the city is that of the ledgers
    try:
        _make_city(run, row, folder)
        ensemble = _simulate(run, row, folder)
    except (EpidemicFault, CityFault) as fault:
        raise Refusal(fault.zh, fault.en, code="cannot_simulate") from None
    if not ensemble.complete:
        return {"run": str(row.pk)}
    return _store(run, row, folder, ensemble, time.monotonic() - started)


def _make_city(run: jobs.Run, row: ScenarioRun, folder: Path) -> None:
    """Save the city under ``folder / "city"`` unless an earlier start did."""
    if (folder / "city").exists():
        return
    run.save(run.cursor, done=0, total=row.runs, zh="正在按名册或普查表生成城市", en="making the city from the register or the census")
    city, left_out = city_of(row)
    save_city(city, folder / "city")
    run.save({**run.cursor, "left_out": left_out}, done=0, total=row.runs, zh=f"已推演 0/{row.runs} 次", en=f"0 of {row.runs} simulations")


def city_of(row: ScenarioRun) -> tuple[City, dict[str, int]]:
    """The city that a comparison names, and what of the register is not in it. Raises CityFault or Refusal."""
    plan = row.plan
    if plan["city"] == choices.LEDGER:
        found = read_city(date.fromisoformat(plan["starts_on"]), area=row.area_path)
        return found.city, found.left_out
    own = choices.own_census()
    name = str(own) if plan["city"] == choices.OWN_CENSUS and own else plan["city"]
    return synthesize_city(read_census(name, area=row.area_path), people=int(plan["people"]), seed=int(plan["seed"])), {}


def _simulate(run: jobs.Run, row: ScenarioRun, folder: Path) -> Ensemble:
    plan, contacts, city = row.plan, load_contacts(), load_city(folder / "city")
    imports = [Imports(**one) for one in plan["imports"]]
    arms = [
        ready_arm(name, read_scenario(side["text"], contacts), city, contacts, imports) for name, side in zip(ARMS, row.sides, strict=True)
    ]  # fmt: skip

    def progress(done: int, total: int) -> None:
        run.save(run.cursor, done=done, total=total, zh=f"已推演 {done}/{total} 次", en=f"{done} of {total} simulations")

    return run_ensemble(
        folder / "city", arms, replicates=int(plan["replicates"]), seed=int(plan["seed"]), days=int(plan["days"]), contacts=contacts,
        # half of the cores: the pages of the city are served by the same machine
        workers=max(1, usable_cores() // 2), keep=folder / f"runs-{engine_digest()[:12]}", progress=progress, cancelled=_asked_now_and_then(run),
    )  # fmt: skip


def _asked_now_and_then(run: jobs.Run) -> Callable[[], bool]:
    """``run.cancelled`` without a question to the database for every replicate of a small city."""
    last = -ASK_S

    def cancelled() -> bool:
        nonlocal last
        if run.stopped_by_request or time.monotonic() - last < ASK_S:
            return run.stopped_by_request
        last = time.monotonic()
        return run.cancelled()

    return cancelled


def _store(run: jobs.Run, row: ScenarioRun, folder: Path, ensemble: Ensemble, seconds: float) -> dict[str, Any]:
    """Figures, end of the job and notice in one transaction; then the folder is no longer needed."""
    manifest = read_manifest(folder / "city")
    first = ensemble.plan.arms[0]
    told = {
        **result_of(ensemble, beds=row.plan.get("beds")),
        "city": {"source": manifest["source"], "sha256": manifest["sha256"], "persons": manifest["people"], "counties": manifest["counties"]},
        "left_out": run.cursor.get("left_out", {}),
        "disease": {"code": first.disease.code, "reproduction_number": first.disease.reproduction_number, "sha256": digest_of(first.disease)},
        "contacts_sha256": digest_of(ensemble.plan.contacts), "engine_sha256": engine_digest(),
        "arms": {arm.name: arm.digest for arm in ensemble.plan.arms},
        "resumed": ensemble.resumed, "damaged": ensemble.damaged, "seconds": round(seconds, 1),
    }  # fmt: skip
    with transaction.atomic():
        row.result, row.persons, row.computed_at = told, manifest["people"], citytime.now()
        row.data_version = stated_city(told["city"])[:200]
        row.save(update_fields=["result", "persons", "computed_at", "data_version"])
        if run.by.post:
            notices.send(
                to_post=run.by.post, title=f"推演已算完：{row.title}", title_en=f"Comparison finished: {row.title}",
                body=f"{row.runs} 次推演已完成。", body_en=f"{row.runs} simulations are done.",
                link=f"/wall/scenarios/{row.pk}/", key=f"scenario.done:{row.pk}",
            )  # fmt: skip
        run.finish({"run": str(row.pk)})
    shutil.rmtree(folder, ignore_errors=True)
    sweep()
    return {"run": str(row.pk)}


def sweep() -> None:
    """Remove folders of comparisons that are done or unknown; those of cancelled ones stay, they may go on."""
    waiting = {str(key) for key in ScenarioRun.objects.filter(computed_at=None).values_list("pk", flat=True)}
    for path in (Path(settings.DATA) / "scenarios").glob("*"):
        if path.name not in waiting:
            shutil.rmtree(path, ignore_errors=True)
