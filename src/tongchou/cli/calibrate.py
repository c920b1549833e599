"""``tongchou calibrate FILE``: fit transmission, seeds and strength of measures to a city's reported curve, with intervals."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from tongchou.cli.series_file import read_series, write_rows
from tongchou.cli.terminal import CommandError, UsageError, records
from tongchou.engine.city import City, CityFault, synthesize_city
from tongchou.engine.epidemic import EpidemicFault, Imports
from tongchou.engine.epidemic.calibrate import NAMES, Calibration, Prior, calibrate_epidemic
from tongchou.engine.epidemic.scenario import Scenario, read_scenario
from tongchou.engine.epidemic.theory import scale_to_reproduction_number
from tongchou.engine.estimate.series import CaseSeries
from tongchou.store.census_tables import census_names, read_census
from tongchou.store.city_file import load_city
from tongchou.store.epidemic_packs import load_contacts, load_disease, scenario_names, scenario_path

NAME = "calibrate"
HELP_ZH = "把传播力、输入数与措施力度拟合到报告曲线，给出区间与留出检验"
HELP_EN = "fit transmission, seeds and strength of measures to a reported curve, with intervals and a held-out check"
DJANGO = False
INPUT = {
    "date": "日期，逐日连续；也可用 t / day, without gaps; or t",
    "incidence": "当日报告病例 / cases reported on the day",
}
JSON = {
    "parameters": "每个参数：name、median、low_50、high_50、low_95、high_95 / each parameter with 50 % and 95 % intervals",
    "correlation": "拟合参数两两的后验相关（按 parameters 去掉 reproduction_number 的顺序）/ posterior correlation of the fitted ones, in their order",
    "misfit": "样本中最大距离，以纯随机为 1；远大于 2 说明模型造不出这条曲线 / largest distance, 1 is chance alone; far above 2: the model cannot make this curve",
    "simulations": "模拟次数 / simulations",
    "rounds": "轮数 / rounds",
    "held_out": "留出各日的 days、wis、coverage_50、coverage_90；未留出为空 / scores of the days held out, null if none",
    "days": "逐日：day、observed、fitted、median、low_50、high_50、low_90、high_90 / by day: observed and simulated",
    "people": "城市人数 / persons of the city",
    "scenario": "情景文件 / scenario file",
    "seed": "随机种子 / seed",
}
USUAL = {"transmission": (0.3, 1.8), "strength": (0.0, 1.0), "reporting": (0.1, 1.0)}
LEVELS = (0.025, 0.25, 0.5, 0.75, 0.975)
SHOWN = {
    "name": "参数/parameter", "median": "中位/median", "low_50": "50%", "high_50": "", "low_95": "95%", "high_95": "",
}  # fmt: skip
SHOWN_DAYS = {
    "day": "日期/day", "observed": "报告/observed", "median": "中位/median", "low_50": "50%", "high_50": "", "low_90": "90%", "high_90": "", "held": "",
}  # fmt: skip


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("file", metavar="FILE", help="一个地区的每日病例数 CSV，- 为标准输入 / CSV of one area's daily counts, - for standard input")
    add("--city", type=Path, metavar="DIR", help="已存城市的文件夹 / folder of a saved city")
    add("--census", default="panzhihua", metavar="NAME", help=f"普查表：{', '.join(census_names())} 或 CSV 路径 / census table, or the path of a CSV")
    add("--area", default="", metavar="CODE", help="普查表中取代码以此开头的区县 / counties of the table whose code begins so")
    add("--people", type=int, default=100_000, metavar="N", help="合成城市的人数，缺省 10 万；病例数不缩放 / persons, 100,000 if left out; counts are not scaled")
    add("--scenario", default="reported-curve", metavar="FILE.toml", help=f"情景文件，或自带的 {'、'.join(scenario_names())}；缺省 reported-curve / a scenario file, or one that ships; reported-curve if left out")
    add("--lead", type=int, default=14, metavar="DAYS", help="情景第 0 天比曲线首日早几天，缺省 14 / days from the scenario's day 0 to the first row")
    add("--held-out", type=int, default=0, metavar="DAYS", help="最后几天不拟合、只评分 / last days that are scored and not fitted")
    add("--prior", action="append", default=[], metavar="NAME=LOW:HIGH", help=f"参数范围；参数有 {', '.join(NAMES)} / range of a parameter")
    add("--fix", nargs="+", default=[], metavar="NAME", help="按情景原样、不拟合的参数 / parameters to leave as the scenario has them")
    add("--budget", type=int, default=2000, metavar="N", help="最多模拟次数，缺省 2000 / most simulations")
    add("--sample", type=int, default=200, metavar="N", help="后验样本个数，缺省 200 / size of the posterior sample")
    add("--seed", type=int, default=1, metavar="S", help="随机种子：同种子同结果 / seed: the same seed gives the same result")
    add("--threads", type=int, default=2, metavar="N", help="线程数，不影响结果 / threads; results do not depend on them")
    add("--out", type=Path, metavar="DIR", help="写出 posterior.csv 与 days.csv / write posterior.csv and days.csv")


def run(args: argparse.Namespace) -> int:
    if args.seed < 0 or args.threads < 1:
        raise UsageError("--seed 不能为负，--threads 至少为 1", "--seed must not be negative, --threads is 1 or more")
    try:
        return _run(args)
    except (EpidemicFault, CityFault) as fault:
        raise CommandError(fault.zh, fault.en) from None


def _run(args: argparse.Namespace) -> int:
    series = _series(args)
    priors = _priors(args, int(series.incidence.sum()))
    contacts = load_contacts()
    scenario, name = _scenario(args.scenario)
    city = _city(args)
    disease = load_disease(scenario.disease)
    if scenario.reproduction_number is not None:
        disease = scale_to_reproduction_number(city, disease, contacts, scenario.reproduction_number)
    found = calibrate_epidemic(
        city, disease, scenario.measures, series.incidence, contacts=contacts, imports=_imports(args, scenario, priors), parameters=priors,
        lead_days=args.lead, held_out=args.held_out, budget=args.budget, particles=args.sample, first_weekday=scenario.first_weekday,
        seed=args.seed, threads=args.threads, progress=lambda done: args.say.progress(f"已模拟 {done} 次", f"{done} simulations done"),
    )  # fmt: skip
    data = _told(found, series)
    if args.out:
        _write(args.out, found, data)
        args.say.progress(f"已写入 {args.out}", f"written to {args.out}")
    args.say({**data, "people": city.persons, "scenario": name, "seed": args.seed}, _text(data))
    return 0


def _series(args: argparse.Namespace) -> CaseSeries:
    file = read_series(args.file)
    if file.unused:
        names = ", ".join(file.unused)
        args.say.progress(f"未用到的列：{names}", f"columns not used: {names}")
    if len(file.series) != 1:
        names = ", ".join(one.area for one in file.series)
        raise CommandError(f"一次只拟合一个地区，文件中有：{names}", f"one area is fitted at a time; the file has {names}")
    (series,) = file.series
    if series.imported.any():
        args.say.progress("imported 列未用：输入数由 seeds 拟合", "the column imported is not used: imports are fitted as seeds")
    return series


def _priors(args: argparse.Namespace, cases: int) -> tuple[Prior, ...]:
    """By default transmission, seeds and strength; ``reporting`` only where a range is given for it."""
    ranges = {"transmission": USUAL["transmission"], "seeds": (1.0, max(20.0, 2.0 * cases)), "strength": USUAL["strength"]}
    for name in args.fix:
        if name not in ranges:
            known = ", ".join(ranges)
            raise UsageError(f"--fix 不认识 {name}：可用 {known}", f"{name!r} cannot be left as it is; --fix takes {known}")
        del ranges[name]
    for words in args.prior:
        name, _, ends = words.partition("=")
        try:
            low, high = (float(end) for end in ends.split(":"))
        except ValueError:
            raise UsageError(f"--prior 应写成 NAME=LOW:HIGH，现为 {words}", f"--prior is written NAME=LOW:HIGH, not {words}") from None
        ranges[name] = (low, high)
    if not ranges:
        raise UsageError("没有要拟合的参数，请少写 --fix", "nothing is left to fit; name less in --fix")
    return tuple(Prior(name, low, high, logarithmic=name == "seeds") for name, (low, high) in ranges.items())


def _scenario(name: str) -> tuple[Scenario, str]:
    path = scenario_path(name)
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        raise CommandError(f"无法读取情景文件 {path}", f"the scenario file {path} cannot be read") from None
    return read_scenario(text, load_contacts(), name=path.name), path.name


def _imports(args: argparse.Namespace, scenario: Scenario, priors: tuple[Prior, ...]) -> tuple[Imports, ...]:
    """Those of the scenario; where it has none and their number is fitted, one a day until the curve begins."""
    if scenario.imports or not any(prior.name == "seeds" for prior in priors):
        return scenario.imports
    args.say.progress(
        f"情景没有 [[imports]]：输入平均分布在曲线之前的 {args.lead} 天与首日",
        f"the scenario has no [[imports]]: they are spread over the {args.lead} days before the curve and its first day",
    )
    return (Imports(per_day=1.0, to_day=max(args.lead, 0)),)


def _city(args: argparse.Namespace) -> City:
    if args.city:
        return load_city(args.city)
    return synthesize_city(read_census(args.census, area=args.area), people=args.people, seed=args.seed)


def _told(found: Calibration, series: CaseSeries) -> dict[str, Any]:
    names = [*(("reproduction_number",) if found.reproduction_number is not None else ()), *found.values]
    parameters = []
    for name in names:
        low_95, low_50, median, high_50, high_95 = (round(float(value), 4) for value in found.quantiles(name, LEVELS))
        parameters.append({"name": name, "median": median, "low_50": low_50, "high_50": high_50, "low_95": low_95, "high_95": high_95})
    held = found.held_out
    return {
        "parameters": parameters, "correlation": found.correlation().round(3).tolist(), "misfit": round(found.misfit, 3),
        "simulations": found.particles.simulations, "rounds": found.particles.rounds,
        "held_out": None if held is None else {key: round(value, 4) for key, value in vars(held).items()},
        "days": _days(found, series),
    }  # fmt: skip


def _days(found: Calibration, series: CaseSeries) -> list[dict[str, Any]]:
    rows = []
    for at, values in enumerate(found.bands((0.05, 0.25, 0.5, 0.75, 0.95))):
        low_90, low_50, median, high_50, high_90 = (round(float(value), 2) for value in values)
        on = series.on(at + 1)
        rows.append({
            "day": on.isoformat() if on else series.first_t + at, "observed": int(found.observed[at]), "fitted": at < found.fitted_days,
            "median": median, "low_50": low_50, "high_50": high_50, "low_90": low_90, "high_90": high_90,
        })  # fmt: skip
    return rows


def _write(folder: Path, found: Calibration, data: dict[str, Any]) -> None:
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise CommandError(f"无法建立文件夹 {folder}：{error.strerror}", f"the folder {folder} cannot be made: {error.strerror}") from None
    columns = dict(found.values)
    if found.reproduction_number is not None:
        columns["reproduction_number"] = found.reproduction_number
    rows = [
        {**{name: round(float(column[at]), 6) for name, column in columns.items()}, "weight": round(float(weight), 9)}
        for at, weight in enumerate(found.weights)
    ]
    write_rows(folder / "posterior.csv", list(rows[0]), rows)
    write_rows(folder / "days.csv", list(data["days"][0]), data["days"])


def _text(data: dict[str, Any]) -> str:
    days = [{**row, "held": "" if row["fitted"] else "留出/held out"} for row in data["days"]]
    parts = [records(SHOWN, data["parameters"]), records(SHOWN_DAYS, days)]
    if held := data["held_out"]:
        parts.append(
            f"留出 {held['days']} 天：WIS {held['wis']:.2f}，50% 区间含 {held['coverage_50']:.0%}，90% 区间含 {held['coverage_90']:.0%} / "
            f"{held['days']} days held out: WIS {held['wis']:.2f}, {held['coverage_50']:.0%} in the 50 % and {held['coverage_90']:.0%} in the 90 % intervals"
        )
    if data["misfit"] > 2:
        parts.append(
            f"注意：与曲线的距离为纯随机的 {data['misfit']:.1f} 倍，情景可能不符 / "
            f"note: the distance to the curve is {data['misfit']:.1f} times that of chance; the scenario may not be this city's"
        )
    return "\n\n".join(parts)
