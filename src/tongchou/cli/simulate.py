"""``tongchou simulate``: an epidemic in a city, person by person, by a scenario file."""

from __future__ import annotations

import argparse
import json
import resource
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli import simulate_ensemble, simulate_truth
from tongchou.cli.free_memory import give_back_memory, keep_large_blocks_apart
from tongchou.cli.terminal import CommandError, UsageError, table
from tongchou.engine.city import City, CityFault, city_from_lists, synthesize_city
from tongchou.engine.epidemic import EpidemicFault, Imports, Layer, Outcome, simulate_epidemic
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.scenario import Scenario, read_scenario
from tongchou.engine.epidemic.theory import scale_to_reproduction_number
from tongchou.store.census_tables import census_names, read_census
from tongchou.store.city_file import load_city
from tongchou.store.epidemic_packs import load_contacts, load_disease, scenario_names, scenario_path

NAME = "simulate"
HELP_ZH = "在城市中逐人模拟疫情，按情景文件采取措施"
HELP_EN = "simulate an epidemic in a city person by person, with the measures of a scenario file"
DJANGO = False
JSON = {
    "people": "城市人数 / persons of the city",
    "days": "天数 / days",
    "seed": "随机种子；各次重复依次加一 / random seed; replicates count up from it",
    "scenario": "情景文件 / scenario file",
    "disease": "疾病参数包 / disease pack",
    "load_s": "载入已编译程序用时，秒；本机第一次含编译 / seconds to load compiled code; the first time on a machine compiles it",
    "build_s": "生成或读入城市用时，秒 / seconds to build or load the city",
    "run_s": "模拟用时，秒 / seconds of simulation",
    "peak_rss_mib": "本进程内存峰值，MiB；不含 --workers 的进程 / peak memory of this process, without those of --workers",
    "infections": "感染数；重复多次时为各次中位 / infections; the median of replicates",
    "attack_rate": "至少感染一次者的比例 / share infected at least once",
    "infectious_days": "模拟的传染人日 / infectious person-days simulated",
    "reports": "报告病例数 / cases reported",
    "deaths": "死亡数 / deaths",
    "tests": "检测数 / samples taken",
    "person_days_per_s": "人数×天数÷（生成与模拟用时）；疫情小时没有意义 / persons x days by seconds of build and run; says nothing of a small epidemic",
    "sha256": "全部结果的散列 / hash of all results",
    "replicates": "每次重复：seed、infections、attack_rate、reports、deaths、sha256 / each replicate",
    "layers": "首次重复按场景层的感染数；以下各项同 / infections by layer, of the first replicate as are the next ones",
    "generation_interval": "代间隔：pairs、mean、sd、q05、median、q95，天 / generation interval in days",
    "cohorts": "按感染周：from_day、to_day、infected、caused、r、complete（此后不再变化）/ R by week of infection; complete: it changes no more",
    "explained": "--explain：从源头到此人的传播链，code、values、zh、en / the chain of infection that led to the person",
    "files": "--out 写出的文件 / files written by --out",
    "visits": "--visits 写出的到访：folder、days、rows / visits written by --visits: folder, days, rows",
    "complete": "以下各项见于 --workers、--backend、--keep 或 --against：是否全部完成 / this and what follows with those options: whether all is done",
    "resumed": "从 --keep 续接的重复数 / replicates kept from before",
    "damaged": "损坏而重新运行的保留文件数 / kept files that were damaged and run again",
    "backend": "processes 或 dask / where it ran",
    "workers": "工作进程数 / workers",
    "quantiles": "bands 各行的分位数 / what the rows of bands are",
    "bands": "各情景逐日序列的分位数 / quantiles by day of each series, by scenario",
    "difference": "--against 减 --scenario：totals 各总数，replicates 逐次逐人 / the second scenario less the first: totals, and person by person in each replicate",
}
INPUT = {
    "name_zh": "情景名称 / name of the scenario",
    "disease": "疾病参数包名称或 .toml 路径 / name of a disease pack, or the path of one",
    "reproduction_number": "可省：把传播力调到城市中的这一再生数 / optional: scale transmission to this reproduction number in the city",
    "first_weekday": "第 0 天是星期几，0 为星期一 / weekday of day 0, 0 is Monday",
    "imports": "[[imports]]：count 或 per_day，from_day，to_day，county，neighbourhood / infections from outside",
    "measure": "[[measure]]：kind 与其参数，见 docs/models/epidemic.md / a kind and its keys, see docs/models/epidemic.md",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--people", type=int, default=100_000, metavar="N", help="合成城市的人数，缺省 10 万 / persons of a synthetic city, 100,000 if left out")
    add("--census", default="panzhihua", metavar="NAME", help=f"普查表：{', '.join(census_names())} 或 CSV 路径 / census table, or the path of a CSV")
    add("--city", type=Path, metavar="DIR", help="已存城市的文件夹，代替 --people / folder of a saved city, instead of --people")
    add("--days", type=int, default=120, metavar="D", help="天数，缺省 120 / days, 120 if left out")
    add("--imports", type=int, metavar="N", help="第 0 天的输入感染数；情景文件写有 imports 时可省 / infections on day 0, unless the scenario has imports")
    add("--seed", type=int, default=1, metavar="S", help="随机种子，缺省 1 / random seed, 1 if left out")
    add("--scenario", default="uncontrolled", metavar="FILE.toml", help=f"情景文件，或自带的 {'、'.join(scenario_names())} / a scenario file, or one that ships")
    add("--replicates", type=int, default=1, metavar="R", help="重复次数，共用一座城市 / runs, all in one city")
    add("--threads", type=int, default=2, metavar="N", help="线程数，不影响结果 / threads; results do not depend on them")
    simulate_truth.add_truth_arguments(parser)
    simulate_ensemble.add_ensemble_arguments(parser)


def run(args: argparse.Namespace) -> int:
    if args.replicates < 1 or args.threads < 1:
        raise UsageError("--replicates 与 --threads 至少为 1", "--replicates and --threads are 1 or more")
    keep_large_blocks_apart()
    try:
        simulate_truth.check(args)
        return _run_ensemble(args) if simulate_ensemble.is_asked(args) else _run(args)
    except (EpidemicFault, CityFault) as fault:
        raise CommandError(fault.zh, fault.en) from None


def _run(args: argparse.Namespace) -> int:
    contacts = load_contacts()
    scenario, path = _scenario(args.scenario)
    scenario, calendar = simulate_truth.dated(args, scenario)
    loading = time.perf_counter()
    _load()
    started = time.perf_counter()
    city = _city(args)
    simulate_truth.ready_visits(args, city)
    disease = load_disease(scenario.disease)
    if scenario.reproduction_number is not None:
        disease = scale_to_reproduction_number(city, disease, contacts, scenario.reproduction_number)
    built = time.perf_counter()
    imports = _imports(args, scenario)

    def once(number: int) -> Outcome:
        return simulate_epidemic(
            city, disease, scenario.measures, contacts=contacts, days=args.days, imports=imports, seed=args.seed + number,
            threads=args.threads if args.replicates == 1 else 1, first_weekday=scenario.first_weekday,
        )  # fmt: skip

    kept: list[Outcome] = []

    def row(number: int) -> dict[str, Any]:
        outcome = once(number)
        if number == 0:
            kept.append(outcome)
        return _row(outcome)

    with ThreadPoolExecutor(args.threads) as pool:
        rows = list(pool.map(row, range(args.replicates)))
    ended = time.perf_counter()
    told = simulate_truth.tell(args, kept[0], scenario, contacts, calendar)
    data = {"load_s": round(started - loading, 3), **_summary(rows, city, args, path, disease.code, built - started, ended - built), **told}
    if args.say.as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        heads = ["seed", "感染/infections", "罹患率/attack", "报告/reports", "死亡/deaths"]
        cells = [(row["seed"], row["infections"], f"{row['attack_rate']:.3f}", row["reports"], row["deaths"]) for row in rows]
        args.say(data, f"{table(heads, cells)}\n{simulate_truth.text_of(told)}\n{data['build_s']} s + {data['run_s']} s, {data['peak_rss_mib']} MiB, sha256 {data['sha256'][:12]}")
    return 0


def _run_ensemble(args: argparse.Namespace) -> int:
    """The same on workers that share one saved city; ``simulate_ensemble`` says what for."""
    contacts = load_contacts()
    scenarios = dict(_named(name, args) for name in (args.scenario, args.against) if name)
    if args.against and len(scenarios) == 1:
        raise UsageError("--against 与 --scenario 是同一文件名：请改名", "--against and --scenario have one file name; rename one of them")
    started = time.perf_counter()
    with simulate_ensemble.saved_city(args, lambda: _city(args)) as folder:
        arms = simulate_ensemble.ready_arms(scenarios, folder, contacts)
        built = time.perf_counter()
        ensemble = simulate_ensemble.run_arms(args, folder, arms, contacts)
        ended = time.perf_counter()
        first, city = arms[0], load_city(folder)
        rows = simulate_ensemble.rows_of(ensemble, first.name)
        data = {
            **_summary(rows, city, args, first.name, first.disease.code, built - started, ended - built), **simulate_ensemble.stated(args, ensemble),
            "person_days_per_s": round(city.persons * args.days * ensemble.ran / (ended - started)),
        }  # fmt: skip
    if args.say.as_json:
        sys.stdout.write(json.dumps(data, ensure_ascii=False) + "\n")
    else:
        args.say(data, f"{simulate_ensemble.text_of(ensemble)}\n{data['build_s']} s + {data['run_s']} s, {data['workers']} × {data['backend']}")
    return 0 if ensemble.complete else simulate_ensemble.STOPPED


def _named(name: str, args: argparse.Namespace) -> tuple[str, Scenario]:
    scenario, path = _scenario(name)
    scenario, _calendar = simulate_truth.dated(args, scenario)
    return path, replace(scenario, imports=_imports(args, scenario))


def _load() -> None:
    """Run a household of three, so that what is measured afterwards is the simulation and not the loading of its code."""
    everywhere = m.Where()
    watch = (
        m.SymptomaticTesting(everywhere, 1.0, (1.0,), 1), m.Tracing(everywhere, ((Layer.HOUSEHOLD, 1.0),), ()),
        m.closure(m.Where(layers=(Layer.SCHOOL,))),
    )  # fmt: skip
    three = city_from_lists({"age": [40, 70, 40], "sex": [1, 2, 1], "household": [0, 0, 0]})
    simulate_epidemic(three, load_disease("sars-cov-2-wild"), watch, contacts=load_contacts(), days=40, imports=2, seed=1)


def _scenario(name: str) -> tuple[Scenario, str]:
    path = scenario_path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"无法读取情景文件 {path}", f"the scenario file {path} cannot be read") from None
    return read_scenario(text, load_contacts(), name=path.name), path.name


def _city(args: argparse.Namespace) -> City:
    if args.city:
        return load_city(args.city)
    city = synthesize_city(read_census(args.census), people=args.people, seed=args.seed, threads=args.threads)
    give_back_memory()
    return city


def _imports(args: argparse.Namespace, scenario: Scenario) -> tuple[Imports, ...]:
    given = () if args.imports is None else (Imports(count=args.imports),)
    if not scenario.imports and not given:
        raise UsageError("请用 --imports N 说明输入感染数，或在情景文件写 [[imports]]", "say how many infections arrive by --imports N, or write [[imports]] in the scenario")
    return (*scenario.imports, *given)


def _row(outcome: Outcome) -> dict[str, Any]:
    return {
        "seed": outcome.seed, "infections": outcome.infections, "attack_rate": round(outcome.attack_rate, 6),
        "infectious_days": outcome.infectious_days, "reports": int(outcome.daily("reports").sum()),
        "deaths": int(outcome.daily("deaths").sum()), "tests": int(outcome.log.tests.sum()), "sha256": outcome.digest(),
    }  # fmt: skip


def _summary(
    rows: list[dict[str, Any]], city: City, args: argparse.Namespace, scenario: str, disease: str, build_s: float, run_s: float
) -> dict[str, Any]:
    middle = {key: float(np.median([row[key] for row in rows])) for key in rows[0] if key not in ("seed", "sha256")}
    whole = {key: value if key == "attack_rate" else int(value) for key, value in middle.items()}
    return {
        "people": city.persons, "days": args.days, "seed": args.seed, "scenario": scenario, "disease": disease,
        "build_s": round(build_s, 3), "run_s": round(run_s, 3),
        "peak_rss_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024, **whole,
        "person_days_per_s": round(city.persons * args.days * len(rows) / (build_s + run_s)),
        "sha256": rows[0]["sha256"], "replicates": rows,
    }  # fmt: skip
