"""Writes the rulebook pack ``delays.toml`` from the COVID-19 entries of epiparameterDB (CC0 1.0).

    python docs/models/extract_delays.py ../shared/data/epi-parameters/covid19_parameters_epiparameterDB.json

Figures, sample sizes, regions and citations are taken over as they are printed there; the words of the pack are ours.
"""

from __future__ import annotations

import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

PACK = Path(__file__).resolve().parents[2] / "src/tongchou/rulebook/packs/delays.toml"
KINDS = {
    "incubation period": ("incubation", "潜伏期", "Incubation period"),
    "serial interval": ("serial_interval", "代间隔", "Serial interval"),
    "onset to hospitalisation": ("onset_to_admission", "发病到入院", "Onset to admission"),
    "onset to death": ("onset_to_death", "发病到死亡", "Onset to death"),
    "hospitalisation to death": ("admission_to_death", "入院到死亡", "Admission to death"),
}
FAMILIES = {"lnorm": "lognormal", "gamma": "gamma", "weibull": "weibull", "norm": "normal", None: "unstated"}
REGIONS = {"China": "中国", "Mixed": "多地", "Hubei province, China": "中国湖北", "Vietnam": "越南"}
# What sets several estimates of one paper apart, by position in the file, in our own words.
APART = {
    4: ("全部配对，含不确定者", "all pairs, uncertain ones too"), 5: ("只取最确定的配对", "the most certain pairs only"),
    10: ("综合全部 9 项研究", "all 9 studies pooled"), 11: ("除去一项暴露窗口不明的研究", "without a study whose exposure windows are not defined"),
    12: ("不含武汉居民", "residents of Wuhan left out"), 13: ("含武汉居民", "residents of Wuhan included"),
    14: ("存活者", "survivors"), 15: ("死亡者", "those who died"), 18: ("不含武汉居民", "residents of Wuhan left out"),
    19: ("存活者", "survivors"), 20: ("死亡者", "those who died"), 23: ("全部资料", "all of the data"),
    24: ("已知发热日的病例", "cases whose day of fever is known"), 25: ("中国大陆以外发现", "found outside mainland China"),
    26: ("中国大陆发现", "found inside mainland China"),
}  # fmt: skip
HEAD = """# Published delays of COVID-19, one row an estimate. Written by docs/models/extract_delays.py from epiparameterDB, commit
# 0abe211ece2b7d69df63cf805568b8540aaf516c (CC0 1.0); do not edit by hand. Figures are as printed by the papers cited.

[pack]
order = 181
label_zh = "已发表的时滞"
label_en = "Published delays"
disease = "covid-19"

[shape.published_delay]
fields = [
  { key = "family", type = "choice", label_zh = "分布", label_en = "Family", choices = [
    { code = "lognormal", zh = "对数正态", en = "lognormal" }, { code = "gamma", zh = "伽马", en = "gamma" },
    { code = "weibull", zh = "威布尔", en = "Weibull" }, { code = "normal", zh = "正态", en = "normal" },
    { code = "unstated", zh = "未说明", en = "not stated" } ] },
  { key = "meanlog", type = "number", required = false, label_zh = "对数均值", label_en = "meanlog" },
  { key = "sdlog", type = "number", required = false, min = 0, label_zh = "对数标准差", label_en = "sdlog" },
  { key = "mean_days", type = "number", required = false, unit = "day", label_zh = "均值", label_en = "Mean" },
  { key = "mean_low_days", type = "number", required = false, unit = "day", label_zh = "均值 95% 下限", label_en = "Mean, low end of 95 %" },
  { key = "mean_high_days", type = "number", required = false, unit = "day", label_zh = "均值 95% 上限", label_en = "Mean, high end of 95 %" },
  { key = "sd_days", type = "number", required = false, min = 0, unit = "day", label_zh = "标准差", label_en = "Standard deviation" },
  { key = "median_days", type = "number", required = false, min = 0, unit = "day", label_zh = "中位数", label_en = "Median" },
  { key = "quantiles", type = "rows", required = false, unique = "percent", label_zh = "分位数", label_en = "Quantiles", fields = [
    { key = "percent", type = "number", min = 0, max = 100, unit = "percent", label_zh = "百分位", label_en = "Percent" },
    { key = "days", type = "number", min = 0, unit = "day", label_zh = "天数", label_en = "Days" },
  ] },
  { key = "sample_size", type = "integer", min = 1, unit = "case", label_zh = "样本", label_en = "Sample" },
  { key = "region", type = "words", label_zh = "地区", label_en = "Region" },
  { key = "censored", type = "boolean", label_zh = "考虑了日期区间", label_en = "Censoring allowed for" },
  { key = "right_truncated", type = "boolean", label_zh = "考虑了右截断", label_en = "Right truncation allowed for" },
  { key = "citation", type = "text", label_zh = "文献", label_en = "Citation" },
  { key = "doi", type = "text", label_zh = "DOI", label_en = "DOI" },
]
"""


def main(source: str) -> int:
    entries = json.loads(Path(source).read_text(encoding="utf-8"))
    seen: Counter[str] = Counter()
    parts = [HEAD]
    for place, entry in enumerate(entries):
        parts.append(_rule(place, entry, seen))
    PACK.write_text("\n".join(parts), encoding="utf-8")
    print(f"{PACK}: {len(entries)} entries")
    return 0


def _rule(place: int, entry: dict[str, Any], seen: Counter[str]) -> str:
    kind, zh, en = KINDS[entry["epi_name"]]
    cited = entry["citation"]
    author = cited["author"][0]["family"]
    base = f"delay.{kind}.{author.lower()}_{cited['year']}"
    seen[base] += 1
    name = base if seen[base] == 1 else f"{base}_{seen[base]}"
    apart = APART.get(place)
    label_zh = f"{zh}（{author} {cited['year']}{'，' + apart[0] if apart else ''}）"
    label_en = f"{en} ({author} {cited['year']}{', ' + apart[1] if apart else ''})"
    lines = [
        "[[rule]]", f'id = "{name}"', 'shape = "published_delay"', 'section = "10"',
        f'label_zh = "{label_zh}"', f'label_en = "{label_en}"',
        "[[rule.row]]", f"valid_from = {cited['year']}-01-01", 'mark = "seen"', 'source = ["S80"]',
        "[rule.row.value]", *_value(entry),
    ]  # fmt: skip
    return "\n".join(lines) + "\n"


def _value(entry: dict[str, Any]) -> list[str]:
    printed, summary = entry["probability_distribution"], entry["summary_statistics"]
    known = {**summary, **printed["parameters"]}
    family = FAMILIES[printed["prob_distribution"]]
    lines = [f'family = "{family}"']
    lines += [f"{key} = {known[key]}" for key in ("meanlog", "sdlog") if key in known]
    if "mean" in known:
        lines.append(f"mean_days = {known['mean']}")
        low, high = known.get("mean_ci_limits", (None, None))
        # One entry prints limits that do not hold its mean; they are left out as an error of print.
        if low is not None and low <= known["mean"] <= high:
            lines += [f"mean_low_days = {low}", f"mean_high_days = {high}"]
    lines += [f"{key}_days = {known[key]}" for key in ("sd", "median") if key in known]
    if "quantile_values" in summary:
        pairs = zip(summary["quantile_names"], summary["quantile_values"], strict=True)
        lines.append(
            "quantiles = [" + ", ".join(f"{{ percent = {name}, days = {days} }}" for name, days in pairs) + "]"
        )
    region = entry["metadata"]["region"]
    how, cited = entry["method_assessment"], entry["citation"]
    authors = cited["author"][0]["family"] + (" et al." if len(cited["author"]) > 1 else "")
    said = f"{authors} ({cited['year']}). {cited['title']}. {cited['journal']}."
    return [
        *lines,
        f"sample_size = {entry['metadata']['sample_size']}",
        f'region = {{ zh = "{REGIONS[region]}", en = "{region}" }}',
        f"censored = {str(bool(how['censored'])).lower()}",
        f"right_truncated = {str(bool(how['right_truncated'])).lower()}",
        f"citation = {json.dumps(said, ensure_ascii=False)}",
        f'doi = "{cited["doi"]}"',
    ]


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
