"""A stored outlook as a page and the wall show it: tiles, sentences, what the charts read, and the same as tables."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from tongchou import areas
from tongchou.outbreak.models import AreaOutlook

# Bars that stay apart, each with its words, in a picture a hand high.
MOST_DRAWN = 16


@dataclass(frozen=True)
class Tile:
    """One figure with its unit, and below it what it rests on. ``value`` is a dash where nothing is known."""

    key: str
    label: str
    value: str
    unit: str = ""
    note: str = ""


@dataclass(frozen=True)
class ChainLine:
    """One chain: first and last day, cases of it (here and in all), generations, imported ones, whether it is open."""

    first_on: date | None
    last_on: date | None
    cases: int
    here: int
    generations: int
    imported: int
    open: bool


@dataclass(frozen=True)
class EndLine:
    """The chances of one day, in percent."""

    day: date
    over: float
    no_more_reported: float
    quiet: float


@dataclass(frozen=True)
class ForecastLine:
    """Cases that a day will bring: the median and the 50 % and 90 % intervals."""

    day: date
    median: float
    low_50: float
    high_50: float
    low_90: float
    high_90: float


@dataclass(frozen=True)
class NowcastLine:
    """Cases by day of onset: known so far, and what they will come to in the end with the 95 % interval."""

    day: date
    known: int
    median: float
    low: float
    high: float


@dataclass(frozen=True)
class OutlookView:
    """``verdict`` is the first sentence, ``reasons`` the others; ``set_aside`` says which reports the
    forecast does not learn from; ``data`` is what the charts read."""

    row: AreaOutlook
    name: str
    verdict: str
    reasons: list[str]
    tiles: list[Tile]
    chains: list[ChainLine]
    end: list[EndLine]
    forecast: list[ForecastLine]
    set_aside: list[str]
    nowcast: list[NowcastLine]
    data: dict[str, Any]
    read_at: datetime | None
    cases_read: str
    rules: list[str] = field(default_factory=list)

    @property
    def short(self) -> str:
        """The verdict in a word, for tables."""
        if not self.row.figures.get("cases"):
            return _("没有病例") if self.row.rules and "cases" in self.row.figures else _("无法研判")
        return _("可以推算") if self.row.enough else _("太少，不推算")

    def _said(self, code: str) -> str:
        """The sentence of one reason, for beside its picture; empty where it is not among the reasons."""
        side = "zh" if (get_language() or "zh").startswith("zh") else "en"
        return next((str(reason[side]) for reason in self.row.reasons if reason["code"] == code), "")

    @property
    def forecast_says(self) -> str:
        return self._said("outlook.forecast")

    @property
    def nowcast_says(self) -> str:
        return self._said("outlook.nowcast")

    @property
    def chains_left(self) -> int:
        """Chains of the area that the picture has no room for."""
        return max(0, int(self.row.figures.get("chains", 0)) - len(self.data["chains"]["rows"]))

    @property
    def drawn(self) -> bool:
        return bool(self.end)


def view_of(row: AreaOutlook | None) -> OutlookView | None:
    """None where nothing was computed yet."""
    if row is None:
        return None
    side = "zh" if (get_language() or "zh").startswith("zh") else "en"
    said = [reason[side] for reason in row.reasons]
    if row.enough and len(said) > 1:  # how fast it spreads is the news; that there are enough cases to say so is not
        said[0], said[1] = said[1], said[0]
    count, _at, changed = row.data_version.partition("@")
    chains = [_chain(one) for one in row.figures.get("chain_rows", ())]
    end, forecast, nowcast = _end(row), _forecast(row), _nowcast(row)
    return OutlookView(
        row=row,
        name=areas.name_of(row.area_path, row.day_on),
        verdict=said[0],
        reasons=said[1:],
        tiles=_tiles(row),
        chains=chains,
        end=end,
        forecast=forecast,
        set_aside=[one[side] for one in (row.figures.get("forecast") or {}).get("set_aside", ())],
        nowcast=nowcast,
        data=_data(row, chains, end) | {"forecast": _forecast_data(row, forecast), "nowcast": _nowcast_data(row, nowcast)},
        read_at=None if changed in ("", "-") else datetime.fromisoformat(changed),
        cases_read=count,
        rules=sorted(row.rules.values()),
    )


def chance_text(chance: float | None) -> str:
    """A chance as percent: whole, but one decimal where whole ones would say 0 or 100 of something that is neither."""
    if chance is None:
        return "–"
    percent = 100 * chance
    if round(percent) in (0, 100) and percent != round(percent):
        return f"{min(max(percent, 0.1), 99.9):.1f}%"
    return f"{percent:.0f}%"


def _tiles(row: AreaOutlook) -> list[Tile]:
    facts = row.figures
    if not facts.get("cases"):
        return []
    return [*_curve_tiles(facts), *_end_tiles(facts), *_chain_tiles(facts), *_case_tiles(facts)]


def _curve_tiles(facts: dict[str, Any]) -> list[Tile]:
    curve = facts.get("curve")
    if not curve:
        return []
    note = _("95%% 区间 %(low).2f–%(high).2f，%(first)s 至 %(last)s 的 %(cases)d 例") % {
        "low": curve["low"], "high": curve["high"], "first": curve["first_on"], "last": curve["last_on"], "cases": curve["cases"],
    }  # fmt: skip
    return [Tile("reproduction", _("每例平均传染"), f"{curve['mean']:.2f}", _("人"), note)]


def _end_tiles(facts: dict[str, Any]) -> list[Tile]:
    end, downgrade = facts["end"], facts["downgrade"]
    tiles = []
    if end:
        threshold = chance_text(end["threshold"])
        if end["reached_on"]:
            note = _("若一直没有新报告，%(day)s 达到 %(threshold)s") % {
                "day": end["reached_on"],
                "threshold": threshold,
            }
        else:
            days = len(end["over"]) - 1
            note = _("%(days)d 天内即使没有新报告也达不到 %(threshold)s") % {"days": days, "threshold": threshold}
        tiles.append(Tile("over", _("本轮已结束的可能性"), chance_text(end["over"][0]), "", note))
    if downgrade:
        note = _("其间没有新报告的可能性 %(chance)s") % {"chance": chance_text(downgrade["chance"])}
        tiles.append(Tile("downgrade", _("最早可建议降级"), downgrade["on"], "", note))
    return tiles


def _chain_tiles(facts: dict[str, Any]) -> list[Tile]:
    note = _("共 %(all)d 条，最大 %(largest)d 例，最深第 %(generation)d 代") % {
        "all": facts["chains"], "largest": facts["largest_chain"], "generation": facts["deepest_generation"],
    }  # fmt: skip
    tiles = [Tile("open_chains", _("未断的传播链"), str(facts["open_chains"]), "", note)]
    unlinked = facts["unlinked"]
    if unlinked["whole"]:
        note = _("本地感染 %(whole)d 例的 %(share)s，95%% 区间 %(low)s–%(high)s") % {
            "whole": unlinked["whole"],
            "share": chance_text(unlinked["share"]),
            "low": chance_text(unlinked["low"]),
            "high": chance_text(unlinked["high"]),
        }
        tiles.append(Tile("unlinked", _("找不到传染来源"), str(unlinked["part"]), _("例"), note))
    return tiles


def _case_tiles(facts: dict[str, Any]) -> list[Tile]:
    days, ago, isolation = facts["days_since_last_case"], facts["days_since_import"], facts["isolation"]
    window = _("近 %(days)d 天 %(cases)d 例") % {"days": facts["window_days"], "cases": facts["cases_in_window"]}
    imported = _("没有输入病例") if ago is None else _("最近一例在 %(ago)d 天前报告") % {"ago": ago}
    tiles = [
        Tile("last_case", _("距最近一例报告"), "–" if days is None else str(days), _("天"), window),
        Tile(
            "imports",
            _("近 %(days)d 天输入") % {"days": facts["window_days"]},
            str(facts["imported_in_window"]),
            _("例"),
            imported,
        ),
    ]
    if isolation["median"] is None:
        tiles.append(Tile("isolation", _("发病到隔离（中位）"), "–", "", _("缺发病或隔离日期")))
    else:
        note = _("中间一半 %(low)s–%(high)s 天，%(known)d 例；%(missing)d 例缺日期") % {
            "low": f"{isolation['q25']:g}", "high": f"{isolation['q75']:g}", "known": isolation["known"],
            "missing": isolation["missing"],
        }  # fmt: skip
        tiles.append(Tile("isolation", _("发病到隔离（中位）"), f"{isolation['median']:g}", _("天"), note))
    return tiles


def _chain(one: dict[str, Any]) -> ChainLine:
    days = {name: date.fromisoformat(one[name]) if one[name] else None for name in ("first_on", "last_on")}
    return ChainLine(**{**one, **days})


def _end(row: AreaOutlook) -> list[EndLine]:
    end = row.figures.get("end")
    if not end:
        return []
    first = date.fromisoformat(end["first_on"])
    chances = zip(end["over"], end["no_more_reported"], end["quiet"], strict=True)
    return [
        EndLine(first + timedelta(days=step), 100 * over, 100 * silent, 100 * quiet)
        for step, (over, silent, quiet) in enumerate(chances)
    ]


def _forecast(row: AreaOutlook) -> list[ForecastLine]:
    kept = row.figures.get("forecast")
    if not kept:
        return []
    at = [kept["levels"].index(level) for level in (0.5, 0.25, 0.75, 0.05, 0.95)]
    return [
        ForecastLine(date.fromisoformat(day), *(values[place] for place in at))
        for day, values in zip(kept["days"], kept["quantiles"], strict=True)
    ]


def _nowcast(row: AreaOutlook) -> list[NowcastLine]:
    kept = row.figures.get("nowcast")
    if not kept:
        return []
    columns = zip(kept["days"], kept["known"], kept["median"], kept["low"], kept["high"], strict=True)
    return [NowcastLine(date.fromisoformat(day), *values) for day, *values in columns]


def _forecast_data(row: AreaOutlook, lines: list[ForecastLine]) -> dict[str, Any] | None:
    """What ``outlook.js`` draws: past counts as bars, the median as a line between two bands."""
    if not lines:
        return None
    kept = row.figures["forecast"]
    return {
        "past_days": kept["past_days"],
        "past": kept["past"],
        "days": kept["days"],
        "median": [one.median for one in lines],
        "low_50": [one.low_50 for one in lines],
        "high_50": [one.high_50 for one in lines],
        "low_90": [one.low_90 for one in lines],
        "high_90": [one.high_90 for one in lines],
        "names": [_("已报告"), _("预测中位"), _("50% 区间"), _("90% 区间")],
        "label": _("今后两周每日报告例数的预测，中位与区间"),
    }


def _nowcast_data(row: AreaOutlook, lines: list[NowcastLine]) -> dict[str, Any] | None:
    """What ``outlook.js`` draws: known cases as bars, what they will come to as a line in its interval."""
    if not lines:
        return None
    return {
        "days": [one.day.isoformat() for one in lines],
        "known": [one.known for one in lines],
        "median": [one.median for one in lines],
        "low": [one.low for one in lines],
        "high": [one.high for one in lines],
        "names": [_("已知"), _("终将知道（中位）"), _("95% 区间")],
        "label": _("按发病日：已知的例数和终将知道的例数，中位与区间"),
    }


def _drawn_chains(chains: list[ChainLine]) -> list[ChainLine]:
    """The chains that the picture has room for, open and large ones before others, in the order of their first case."""
    dated = [one for one in chains if one.first_on and one.last_on]
    chosen = sorted(dated, key=lambda one: (not one.open, -one.cases))[:MOST_DRAWN]
    return sorted(chosen, key=lambda one: (str(one.first_on), -one.cases))


def _chart_days(row: AreaOutlook, known: int) -> int:
    """Days drawn: four weeks, or a week beyond the day on which the threshold is reached or a downgrade is possible."""
    marks = [
        row.figures[name][key] for name, key in (("end", "reached_on"), ("downgrade", "on")) if row.figures.get(name)
    ]
    reach = [(date.fromisoformat(mark) - row.day_on).days + 8 for mark in marks if mark]
    return min(known, max(29, *reach, 0))


def _data(row: AreaOutlook, chains: list[ChainLine], end: list[EndLine]) -> dict[str, Any]:
    """What ``outlook.js`` draws: the two chances by day with the threshold, and a bar a chain."""
    dated = _drawn_chains(chains)
    threshold = row.figures["end"]["threshold"] if end else 0
    reached = row.figures["end"]["reached_on"] if end else None
    downgrade = row.figures.get("downgrade")
    shown = _chart_days(row, len(end))
    return {
        "today": row.day_on.isoformat(),
        "end": {
            "days": [one.day.isoformat() for one in end[:shown]],
            "over": [round(one.over, 1) for one in end[:shown]],
            "quiet": [round(one.quiet, 1) for one in end[:shown]],
            "threshold": round(100 * threshold, 1),
            "reached": reached,
            "downgrade": downgrade["on"] if downgrade else None,
            "names": [_("本轮已结束（若无新报告）"), _("到该日仍无新报告")],
            "threshold_name": _("视为结束"),
            "downgrade_name": _("最早可建议降级"),
            "label": _("本轮已结束的可能性，按日") if end else "",
        },
        "chains": {
            "rows": [
                {"first": one.first_on.isoformat(), "last": one.last_on.isoformat(), "open": one.open,
                 "text": _("%(n)d 例") % {"n": one.cases}}
                for one in dated if one.first_on and one.last_on
            ],
            "open": _("未断"),
            "closed": _("已断"),
            "today_name": _("当日"),
            "label": _("传播链：首例到末例的日期与病例数") if dated else "",
        },
    }  # fmt: skip
