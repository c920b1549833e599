"""``tongchou chains CASES [LINKS]``: chains, offspring, serial interval, attack rates and the end of an episode from lists."""

from __future__ import annotations

import argparse
import csv
import math
from collections.abc import Mapping
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np

from tongchou.cli.case_file import CaseFile, read_case_file, read_contact_file, read_probabilities
from tongchou.cli.terminal import CommandError, UsageError, table
from tongchou.engine.chains import (
    Chains,
    DayDelay,
    EpisodeEnd,
    Offspring,
    Spread,
    estimate_attack_rates,
    estimate_episode_over,
    estimate_offspring,
    estimate_offspring_from_sizes,
    estimate_serial_interval,
    estimate_share,
    find_chains,
    find_delay,
    find_seen_share,
    read_delay,
    unlinked,
)

NAME = "chains"
HELP_ZH = "由病例表和传染来源得出传播链、代次、续发人数分布、代间隔、续发率和本轮结束的可能性"
HELP_EN = "from cases and who infected them: chains, generations, offspring, serial interval, attack rates, the end"
DJANGO = False
INPUT = {
    "case": "CASES：病例编号 / CASES: the case's id",
    "onset": "CASES：发病日期，不详留空 / CASES: day of onset, empty where unknown",
    "report": "CASES，可选：报告日期 / CASES, optional: day of the report",
    "imported": "CASES，可选：1 输入，0 本地，空为不详 / CASES, optional: 1 imported, 0 local, empty unknown",
    "isolated": "CASES，可选：隔离日期 / CASES, optional: day of isolation",
    "setting": "CASES 或 LINKS，可选：感染场所；--contacts 中必填 / optional, where it happened; needed in --contacts",
    "infector": "LINKS：传染者；没有 LINKS 时可作 CASES 的一列，多个用分号隔开 / LINKS: who infected; without LINKS a column of CASES, several parted by ;",
    "infectee": "LINKS：被传染者 / LINKS: who was infected",
    "weight": "LINKS，可选：同一被传染者的各条链接的相对可能性 / LINKS, optional: how likely beside the infectee's other links",
    "infected": "--contacts：1 感染，0 未感染，空为不详 / --contacts: 1 infected, 0 not, empty unknown",
}
JSON = {
    "as_of": "截至日期 / the day of asking",
    "cases": "病例数 / cases",
    "imported": "输入 / infected outside",
    "local": "本地感染 / infected inside",
    "unknown_origin": "来源不详 / not known where",
    "unlinked": "本地感染中没有传染来源的比例 {part, whole, share, low, high} / share of those infected inside without a known source",
    "links": "链接 {given, kept, refused {reason: n}, undated, imported_infectees} / links given, kept, set aside by reason",
    "refused_links": "未采用的链接 [{line, infector, infectee, reason}] / links set aside",
    "chains": "传播链 [{chain, cases, generations, first_on, last_on, imported, open}] / chains; open is null without --max-incubation",
    "open_chains": "未断的链 / open chains, null without --max-incubation",
    "cluster_sizes": "{病例数：链数} / chains by size",
    "offspring": "续发人数分布 {cases, infected, reproduction, reproduction_low, reproduction_high, dispersion, dispersion_low, dispersion_high, poisson, log_likelihood, share_for_80, confidence, truncation_aware}；无上限为 null / R and k with 95 % profile intervals; null where nothing bounds it",
    "offspring_from_sizes": "只由链的大小估计，键同上 / the same from chain sizes alone",
    "serial_interval": "代间隔（天）{pairs, undated, negative, mean, mean_low, mean_high, sd, median, q025, q975, fitted_mean, fitted_sd} / days between onsets of pairs",
    "settings": "{场所：传染数} / infections by setting",
    "attack_rates": "续发率 [{setting, infected, contacts, unknown, rate, low, high}]，由 --contacts / secondary attack rates, from --contacts",
    "isolation": "发病到隔离（天）{known, missing, negative, median, q25, q75} / onset to isolation",
    "end": "[{date, over, no_more_reported, quiet}] 没有 --si 则为 null / chances by day, null without a serial interval",
    "end_model": "所用 {reproduction, dispersion, reported_share, from, undated}；undated 例没有日期，按截至日算 / what the chances were computed with; cases without a day count as of the day of asking",
    "case_rows": "逐例一行 [{case, chain, generation, generation_latest, infectors, infectees, offspring, offspring_expected}] / a row a case",
    "unused": "没有用到的列 / columns that were not used",
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("cases", metavar="CASES", help="病例 CSV；- 为标准输入 / CSV of cases; - is standard input")
    parser.add_argument("links", metavar="LINKS", nargs="?", help="传染来源 CSV / CSV of infector links")
    parser.add_argument(
        "--contacts", metavar="FILE", help="接触者结果 CSV，用来算续发率 / CSV of contacts and outcomes"
    )
    parser.add_argument(
        "--as-of", metavar="D", help="截至日期，缺省为表中最后一天 / the day of asking, by default the last in the file"
    )
    parser.add_argument(
        "--max-incubation", type=int, metavar="DAYS", help="最长潜伏期：判断未断的链和不可能的日期 / longest incubation"
    )
    parser.add_argument(
        "--longest-lag",
        type=int,
        metavar="DAYS",
        help="两例发病相隔超过此天数的链接不采用 / refuse links further apart",
    )
    parser.add_argument("--si", metavar="FILE", help="代间隔 CSV：k,p，从 0 起 / serial interval, columns k and p")
    parser.add_argument("--si-mean", type=float, metavar="DAYS", help="代间隔均数 / mean of the serial interval")
    parser.add_argument("--si-sd", type=float, metavar="DAYS", help="代间隔标准差 / its standard deviation")
    parser.add_argument(
        "--r", type=float, help="结束概率所用的再生数，缺省用本表估计 / R for the end, by default from the links"
    )
    parser.add_argument("--k", type=float, help="结束概率所用的离散参数 / k for the end, by default from the links")
    parser.add_argument(
        "--reported-share", type=float, default=1.0, metavar="P", help="病例被发现的比例，缺省 1 / share of cases found"
    )
    parser.add_argument(
        "--horizon", type=int, default=42, metavar="DAYS", help="结束概率的天数 / days of chances ahead"
    )
    parser.add_argument("--out", metavar="FILE", help="把逐例结果写成 CSV / write the rows by case as CSV")


def run(args: argparse.Namespace) -> int:
    for option in ("max_incubation", "longest_lag", "horizon"):
        if (getattr(args, option) or 0) < 0:
            name = f"--{option.replace('_', '-')}"
            raise UsageError(f"{name} 不能为负", f"{name} must not be negative")
    file = read_case_file(args.cases, args.links)
    as_of = _as_of(args.as_of, file)
    chains = find_chains(
        file.cases, file.links, max_incubation_days=args.max_incubation, longest_lag_days=args.longest_lag
    )
    serial = _serial(args)
    offspring = _offspring(file, chains, serial, as_of)
    end, model = _end(args, file, chains, serial, offspring, as_of)
    interval = estimate_serial_interval(file.cases, file.links, chains.kept)
    data = {
        "as_of": str(as_of),
        **_origin(file, chains),
        **_links(file, chains),
        **_chains(chains, as_of, args.max_incubation),
        "offspring": {**_plain(offspring), "truncation_aware": serial is not None} if offspring else None,
        "offspring_from_sizes": _from_sizes(chains, as_of, args.max_incubation),
        "serial_interval": {key: value for key, value in _plain(interval).items() if key != "lags"},
        "settings": _settings(file, chains),
        "attack_rates": _attack(args.contacts),
        "isolation": _plain(find_delay(file.cases.onset_on, file.cases.isolated_on)),
        "end": _days(end, as_of),
        "end_model": model,
        "case_rows": _case_rows(file, chains),
        "unused": list(file.unused),
    }
    if args.out:
        _write(args.out, data["case_rows"])
    if file.unused:
        args.say.progress(f"没有用到的列：{'、'.join(file.unused)}", f"columns not used: {', '.join(file.unused)}")
    args.say(data, _text(data))
    return 0


def _as_of(asked: str | None, file: CaseFile) -> np.datetime64:
    """The day of asking. Raises UsageError for no day, CommandError where a case lies after it."""
    days = np.concatenate([file.cases.onset_on, file.cases.reported_on])
    known = days[~np.isnat(days)]
    if asked is None:
        if not known.size:
            raise CommandError("表中没有一个日期，请用 --as-of 指明", "no date in the file: give --as-of")
        return known.max()
    try:
        as_of = np.datetime64(date.fromisoformat(asked), "D")
    except ValueError:
        raise UsageError(f"“{asked}”不是日期，请写成 2020-02-14", f"{asked!r} is no date; write 2020-02-14") from None
    if known.size and known.max() > as_of:
        raise CommandError(
            f"表中有 {as_of} 以后的日期（{known.max()}），请先去掉", f"the file goes on to {known.max()}, after {as_of}"
        )
    return as_of


def _serial(args: argparse.Namespace) -> DayDelay | None:
    if args.si and (args.si_mean is not None or args.si_sd is not None):
        raise UsageError("--si 与 --si-mean、--si-sd 只用一种", "give --si or --si-mean with --si-sd, not both")
    if args.si:
        return DayDelay(read_probabilities(args.si))
    if (args.si_mean is None) != (args.si_sd is None):
        raise UsageError("--si-mean 与 --si-sd 须同时给出", "--si-mean and --si-sd belong together")
    return None if args.si_mean is None else read_delay("gamma", args.si_mean, args.si_sd)


def _ages(file: CaseFile, as_of: np.datetime64) -> tuple[np.ndarray, np.ndarray]:
    """Which cases have a day, and how long ago it was."""
    dated = ~np.isnat(file.cases.dated_on)
    return dated, (as_of - file.cases.dated_on[dated]).astype(np.int64)


def _offspring(file: CaseFile, chains: Chains, serial: DayDelay | None, as_of: np.datetime64) -> Offspring | None:
    """None where no link was kept: nothing was traced, so nought infected by each case would be no finding."""
    if not chains.kept.any():
        return None
    if serial is None:
        return estimate_offspring(chains.offspring)
    dated, ages = _ages(file, as_of)
    return estimate_offspring(chains.offspring[dated], seen_share=find_seen_share(ages, serial))


def _from_sizes(chains: Chains, as_of: np.datetime64, incubation: int | None) -> dict[str, Any] | None:
    if not chains.kept.any():
        return None
    first = np.bincount(chains.chain[chains.infectors == 0], minlength=chains.chain_size.size)
    running = None if incubation is None else chains.open_on(as_of, incubation)
    return _plain(estimate_offspring_from_sizes(chains.chain_size, first_cases=first, running=running))


def _end(
    args: argparse.Namespace, file: CaseFile, chains: Chains, serial: DayDelay | None, offspring: Offspring | None,
    as_of: np.datetime64,
) -> tuple[EpisodeEnd | None, dict[str, Any] | None]:  # fmt: skip
    if serial is None:
        return None, None
    r = args.r if args.r is not None else offspring.reproduction if offspring else None
    k = args.k if args.k is not None else offspring.dispersion if offspring else None
    if r is None or k is None or math.isnan(k):
        raise UsageError(
            "没有链接，估计不出再生数和 k：请给 --r 和 --k",
            "R and k can't be estimated without links: give --r and --k",
        )
    spread = Spread(r, k, serial, args.reported_share)
    dated, ages = _ages(file, as_of)
    end = estimate_episode_over(
        ages, spread, infected=chains.offspring_expected[dated], horizon_days=args.horizon, undated=int((~dated).sum())
    )
    given = {
        "reproduction": "given" if args.r is not None else "links",
        "dispersion": "given" if args.k is not None else "links",
    }
    model = {"reproduction": r, "dispersion": k, "reported_share": args.reported_share, "from": given}
    return end, _clean(model) | {"undated": end.undated}


def _days(end: EpisodeEnd | None, as_of: np.datetime64) -> list[dict[str, Any]] | None:
    if end is None:
        return None
    rows = zip(end.over, end.no_more_reported, end.quiet, strict=True)
    return [
        {"date": str(as_of + day), "over": float(a), "no_more_reported": float(b), "quiet": float(c)}
        for day, (a, b, c) in enumerate(rows)
    ]


def _origin(file: CaseFile, chains: Chains) -> dict[str, Any]:
    origin = file.cases.imported
    inside = int((origin == 0).sum())
    return {
        "cases": len(file.ids),
        "imported": int((origin == 1).sum()),
        "local": inside,
        "unknown_origin": int((origin == -1).sum()),
        "unlinked": _plain(estimate_share(int(unlinked(file.cases, chains).sum()), inside)),
    }


def _links(file: CaseFile, chains: Chains) -> dict[str, Any]:
    return {
        "links": {
            "given": len(file.links),
            "kept": int(chains.kept.sum()),
            "refused": dict(chains.refused),
            "undated": chains.undated_links,
            "imported_infectees": chains.imported_infectees,
        },
        "refused_links": [
            {"line": line, "infector": ends[0], "infectee": ends[1], "reason": str(fate)}
            for line, ends, fate in zip(file.link_lines, file.link_ids, chains.link_fate, strict=True)
            if fate
        ],
    }


def _chains(chains: Chains, as_of: np.datetime64, incubation: int | None) -> dict[str, Any]:
    open_ = None if incubation is None else chains.open_on(as_of, incubation)
    sizes, counts = np.unique(chains.chain_size, return_counts=True)
    rows = [
        {
            "chain": number + 1,
            "cases": int(chains.chain_size[number]),
            "generations": int(chains.chain_depth[number]),
            "first_on": _day(chains.chain_first_on[number]),
            "last_on": _day(chains.chain_last_on[number]),
            "imported": int(chains.chain_imported[number]),
            "open": None if open_ is None else bool(open_[number]),
        }
        for number in range(chains.chain_size.size)
    ]
    return {
        "chains": rows,
        "open_chains": None if open_ is None else int(open_.sum()),
        "cluster_sizes": {str(size): int(count) for size, count in zip(sizes, counts, strict=True)},
    }


def _settings(file: CaseFile, chains: Chains) -> dict[str, int]:
    names, counts = np.unique(file.links.setting[chains.kept], return_counts=True)
    return {str(name): int(count) for name, count in zip(names, counts, strict=True)}


def _attack(path: str | None) -> list[dict[str, Any]] | None:
    if path is None:
        return None
    return [
        {
            "setting": one.setting,
            "infected": one.rate.part,
            "contacts": one.rate.whole,
            "unknown": one.untested,
            "rate": one.rate.share,
            "low": one.rate.low,
            "high": one.rate.high,
        }
        for one in estimate_attack_rates(*read_contact_file(path))
    ]


def _case_rows(file: CaseFile, chains: Chains) -> list[dict[str, Any]]:
    return [
        {
            "case": name,
            "chain": int(chains.chain[row]) + 1,
            "generation": int(chains.generation[row]),
            "generation_latest": int(chains.generation_latest[row]),
            "infectors": int(chains.infectors[row]),
            "infectees": int(chains.infectees[row]),
            "offspring": int(chains.offspring[row]),
            "offspring_expected": float(chains.offspring_expected[row]),
        }
        for row, name in enumerate(file.ids)
    ]


def _write(path: str, rows: list[dict[str, Any]]) -> None:
    try:
        with Path(path).open("w", encoding="utf-8-sig", newline="") as out:
            writer = csv.DictWriter(out, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    except OSError as error:
        raise CommandError(f"写不了 {path}：{error.strerror}", f"{path} can't be written: {error.strerror}") from None


def _plain(result: Any) -> dict[str, Any]:
    """A frozen result as JSON holds it: infinite and unknown figures become null."""
    values = _clean(vars(result))
    if isinstance(result, Offspring):
        values["poisson"] = math.isinf(result.dispersion)
    return values


def _clean(values: Mapping[str, Any]) -> dict[str, Any]:
    return {
        key: None if isinstance(value, float) and not math.isfinite(value) else value for key, value in values.items()
    }


def _day(value: np.datetime64) -> str | None:
    return None if np.isnat(value) else str(value)


def _text(data: Mapping[str, Any]) -> str:
    links, si, r = data["links"], data["serial_interval"], data["offspring"]
    refused = ", ".join(f"{reason} {count}" for reason, count in links["refused"].items() if count) or "0"
    lines = [
        f"截至/as of {data['as_of']}  病例/cases {data['cases']}  输入/imported {data['imported']}  本地/local {data['local']}  不详/unknown {data['unknown_origin']}",
        f"链接/links {links['given']}  采用/kept {links['kept']}  未采用/set aside {refused}",
    ]
    if r:
        high = "∞" if r["reproduction_high"] is None else f"{r['reproduction_high']:.2f}"
        k, k_low, k_high = ("∞" if r[key] is None else f"{r[key]:.2f}" for key in ("dispersion", "dispersion_low", "dispersion_high"))
        lines.append(f"R {r['reproduction']:.2f} ({r['reproduction_low']:.2f}–{high})  k {k} ({k_low}–{k_high})")
    if si["pairs"]:
        lines.append(f"代间隔/serial interval {si['mean']:.2f} d, n={si['pairs']}, <0: {si['negative']}")
    if data["end"]:
        undated = data["end_model"]["undated"]
        note = f"  （{undated} 例无日期，按截至日算 / {undated} without a day, taken as of today）" if undated else ""
        lines.append(f"已结束的可能性/chance that it is over {data['end'][0]['over']:.1%}{note}")
    heads = ["链/chain", "病例/cases", "代/gen", "首例/first", "末例/last", "输入/imported", "未断/open"]
    chosen = sorted(data["chains"], key=lambda one: (-one["cases"], one["chain"]))[:20]
    rows = [
        [one[key] for key in ("chain", "cases", "generations", "first_on", "last_on", "imported", "open")]
        for one in chosen
    ]
    lines.append(table(heads, rows))
    if len(data["chains"]) > len(chosen):
        more = len(data["chains"]) - len(chosen)
        lines.append(f"另有 {more} 条，请看 --json / {more} more: see --json")
    return "\n".join(lines)
