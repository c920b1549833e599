"""Scenarios as readable TOML: what is written is checked, and what the engine would not apply is refused, with its line."""

from __future__ import annotations

import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from tongchou.engine.city import SECTORS, SiteKind
from tongchou.engine.epidemic import measures as m
from tongchou.engine.epidemic.arrivals import Imports
from tongchou.engine.epidemic.faults import EpidemicFault
from tongchou.engine.epidemic.layers import Contacts, Layer

DAYS = ("from_day", "to_day")
AREAS = (*DAYS, "counties", "neighbourhoods", "level")
PEOPLE = (*AREAS, "ages")
CONTACTS = (*PEOPLE, "layers", "sectors", "site_kinds")
SITES = tuple(name for name in CONTACTS if name != "ages")
HEAD = {"name_zh", "name_en", "disease", "reproduction_number", "first_weekday", "imports", "measure"}
Row = Mapping[str, Any]


@dataclass(frozen=True)
class Scenario:
    """What a scenario file says. ``disease`` names a pack; ``imports`` may be empty, then the caller gives them."""

    name_zh: str
    name_en: str
    disease: str
    reproduction_number: float | None
    first_weekday: int
    imports: tuple[Imports, ...]
    measures: tuple[m.Measure, ...]


@dataclass(frozen=True)
class _Kind:
    """One kind of measure: which of ``Where`` it obeys, its own keys with their defaults (``...``: must be written)."""

    where: tuple[str, ...]
    own: dict[str, Any]
    make: Callable[[m.Where, Row, Contacts], m.Measure]


def _by_layer(given: Any, key: str) -> tuple[tuple[Layer, Any], ...]:
    if not isinstance(given, Mapping):
        raise EpidemicFault(f"{key} 应逐层写出，如 {{ household = 1.0 }}", f"{key} must be given by layer, like {{ household = 1.0 }}")
    return tuple((_layer(name), value) for name, value in given.items())


def _layer(name: Any) -> Layer:
    known = [layer.name.lower() for layer in Layer if layer is not Layer.IMPORT]
    if name not in known:
        raise EpidemicFault(f"没有场景层 {name}：可用 {', '.join(known)}", f"there is no layer {name!r}; use {', '.join(known)}")
    return Layer[str(name).upper()]


def _site_kind(name: Any) -> SiteKind:
    known = [kind.name.lower() for kind in SiteKind]
    if name not in known:
        raise EpidemicFault(f"没有场所类别 {name}：可用 {', '.join(known)}", f"there is no site kind {name!r}; use {', '.join(known)}")
    return SiteKind[str(name).upper()]


def _tracing(where: m.Where, row: Row, _contacts: Contacts) -> m.Tracing:
    return m.Tracing(
        where, _by_layer(row["found"], "found"), _by_layer(row["delay_days"], "delay_days"), row["look_back_days"],
        row["backward"], row["backward_days"], row["cases_per_day"],
    )  # fmt: skip


def _zone_rule(where: m.Where, row: Row, _contacts: Contacts) -> m.ZoneRule:
    if row["unit"] not in ("neighbourhood", "county"):
        raise EpidemicFault("unit 应为 neighbourhood 或 county", "unit must be neighbourhood or county")
    try:
        levels = tuple(m.ZoneLevel(str(level["name"]), int(level["cases"]), int(level["within_days"])) for level in row["levels"])
    except (KeyError, TypeError):
        raise EpidemicFault("levels 的每一级需有 name、cases、within_days", "each of the levels needs name, cases and within_days") from None
    return m.ZoneRule(where, row["unit"], levels, row["clear_days"])


def _vaccination(where: m.Where, row: Row, _contacts: Contacts) -> m.Vaccination:
    if row["first_doses_per_day"] <= 0:
        raise EpidemicFault("first_doses_per_day 应大于 0", "first_doses_per_day must be above 0")
    order = tuple((int(first), int(last)) for first, last in row["order"])
    return m.Vaccination(where, row["first_doses_per_day"], row["coverage"], order, row["doses"])


def _plain(kind: Any, *names: str) -> Callable[[m.Where, Row, Contacts], m.Measure]:
    return lambda where, row, _contacts: kind(where, **{name: row[name] for name in names})


KINDS: dict[str, _Kind] = {
    "closure": _Kind(CONTACTS, {"compliance": 1.0}, _plain(m.closure, "compliance")),
    "reduced_opening": _Kind(CONTACTS, {"open_share": ...}, _plain(m.reduced_opening, "open_share")),
    "shifts": _Kind(SITES, {"shifts": ...}, _plain(m.shifts, "shifts")),
    "staggered_meals": _Kind(SITES, {"sittings": ...}, lambda where, row, contacts: m.staggered_meals(where, contacts, sittings=row["sittings"])),
    "masks": _Kind(CONTACTS, {"wearing": ..., "outward": ..., "inward": ...}, _plain(m.masks, "wearing", "outward", "inward")),
    "distancing": _Kind(CONTACTS, {"contacts": ...}, _plain(m.distancing, "contacts")),
    "gathering_ban": _Kind(
        PEOPLE, {"largest": ..., "compliance": 1.0},
        lambda where, row, contacts: m.gathering_ban(where, contacts, largest=row["largest"], compliance=row["compliance"]),
    ),
    "gates": _Kind(AREAS, {"contacts": ...}, _plain(m.Gate, "contacts")),
    "travel_limit": _Kind(AREAS, {"contacts": ...}, lambda where, row, _contacts: m.Gate(where, row["contacts"], between_counties=True)),
    "test_symptomatic": _Kind(
        PEOPLE, {"share": ..., "delay": (1.0,), "result_days": 1, "isolate_while_waiting": False, "other_illness_per_100k": 0.0},
        lambda where, row, _contacts: m.SymptomaticTesting(
            where, row["share"], tuple(row["delay"]), row["result_days"], row["isolate_while_waiting"], row["other_illness_per_100k"]
        ),
    ),
    "test_contacts": _Kind(AREAS, {"share": 1.0, "result_days": 1, "again_days": 0}, _plain(m.ContactTesting, "share", "result_days", "again_days")),
    "test_rounds": _Kind(PEOPLE, {"share": ..., "every_days": ..., "result_days": 1}, _plain(m.TestRounds, "share", "every_days", "result_days")),
    "test_entry": _Kind(PEOPLE, {"share": ..., "result_days": 1, "quarantine_days": 0}, _plain(m.EntryTesting, "share", "result_days", "quarantine_days")),
    "test_capacity": _Kind(DAYS, {"per_day": ...}, _plain(m.TestCapacity, "per_day")),
    "tracing": _Kind(
        AREAS,
        {"found": ..., "delay_days": {}, "look_back_days": 2, "backward": 0.0, "backward_days": 7, "cases_per_day": None},
        _tracing,
    ),
    "isolation": _Kind(
        PEOPLE, {"days": ..., "compliance": 1.0, "places": 0, "home_contacts": 1.0},
        _plain(m.Isolation, "days", "compliance", "places", "home_contacts"),
    ),
    "quarantine": _Kind(
        AREAS, {"days": ..., "compliance": 1.0, "places": 0, "home_contacts": 1.0, "household": False},
        _plain(m.Quarantine, "days", "compliance", "places", "home_contacts", "household"),
    ),
    "zone_rule": _Kind(DAYS, {"unit": ..., "levels": ..., "clear_days": ...}, _zone_rule),
    "vaccination": _Kind(
        ("from_day", "counties", "neighbourhoods"),
        {"first_doses_per_day": ..., "coverage": ..., "order": [[0, m.LAST_AGE]], "doses": 2}, _vaccination,
    ),
}  # fmt: skip
SHARES = {"compliance", "open_share", "wearing", "outward", "inward", "contacts", "share", "backward", "coverage", "home_contacts"}
COUNTS = {
    "shifts": 2, "sittings": 2, "largest": 1, "result_days": 1, "again_days": 0, "every_days": 1, "quarantine_days": 0, "per_day": 0,
    "look_back_days": 0, "backward_days": 0, "cases_per_day": 0, "days": 1, "places": 0, "clear_days": 1, "doses": 1,
}  # fmt: skip


def read_scenario(text: str, contacts: Contacts, *, name: str = "") -> Scenario:
    """A ``Scenario`` from the text of a TOML file. Raises EpidemicFault with the line, ``name`` being the file's."""
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        found = re.search(r"line (\d+)", str(error))
        raise EpidemicFault(f"不是正确的 TOML：{error}", f"not valid TOML: {error}").at_line(int(found[1]) if found else 1, name) from None
    lines = _Lines(text)
    unknown = [key for key in table if key not in HEAD]
    if unknown:
        fault = EpidemicFault(f"不认识的键 {unknown[0]}：可用 {', '.join(sorted(HEAD))}", f"unknown key {unknown[0]!r}; known are {', '.join(sorted(HEAD))}")
        raise fault.at_line(lines.of("", 0, unknown[0]), name)
    read = _Rows(lines, contacts, name)
    number = table.get("reproduction_number")
    return Scenario(
        str(table.get("name_zh", "")), str(table.get("name_en", "")), str(table.get("disease", "sars-cov-2-wild")),
        None if number is None else read.number("", 0, "reproduction_number", number),
        int(read.number("", 0, "first_weekday", table.get("first_weekday", 0))),
        tuple(read.imports(at, row) for at, row in enumerate(_rows(table, "imports", lines, name))),
        tuple(read.measure(at, row) for at, row in enumerate(_rows(table, "measure", lines, name))),
    )  # fmt: skip


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _rows(table: Mapping[str, Any], key: str, lines: _Lines, name: str) -> list[Row]:
    """The tables ``[[key]]`` of a file."""
    rows = table.get(key, [])
    if not isinstance(rows, list) or not all(isinstance(row, Mapping) for row in rows):
        raise EpidemicFault(f"{key} 应逐项写成 [[{key}]]", f"write each of {key} as a table [[{key}]]").at_line(lines.of("", 0, key), name)
    return rows


class _Lines:
    """On which line a key of the file stands."""

    def __init__(self, text: str) -> None:
        self._found: dict[tuple[str, int, str], int] = {}
        header, count = "", 0
        seen: dict[str, int] = {}
        for line, words in enumerate(text.splitlines(), 1):
            if head := re.match(r"\s*\[\[?\s*([\w.-]+)\s*\]\]?", words):
                header = head[1]
                count = seen[header] = seen.get(header, -1) + 1
                self._found[header, count, ""] = line
            elif key := re.match(r"\s*([\w-]+)\s*=", words):
                self._found.setdefault((header, count if header else 0, key[1]), line)

    def of(self, header: str, count: int, key: str) -> int:
        return self._found.get((header, count, key)) or self._found.get((header, count, "")) or 1


class _Rows:
    """Reads tables of a scenario and puts the line to every fault."""

    def __init__(self, lines: _Lines, contacts: Contacts, name: str) -> None:
        self.lines, self.contacts, self.name = lines, contacts, name

    def fault(self, header: str, at: int, key: str, zh: str, en: str) -> EpidemicFault:
        return EpidemicFault(zh, en).at_line(self.lines.of(header, at, key), self.name)

    def number(self, header: str, at: int, key: str, value: Any) -> float:
        if isinstance(value, bool) or not isinstance(value, int | float) or value < 0:
            raise self.fault(header, at, key, f"{key} 应为不小于 0 的数", f"{key} must be a number, not below 0")
        return float(value)

    def imports(self, at: int, row: Row) -> Imports:
        known = {"count", "per_day", "from_day", "to_day", "county", "neighbourhood"}
        for key in row:
            if key not in known:
                raise self.fault("imports", at, key, f"imports 没有键 {key}", f"imports have no key {key!r}")
        for key in ("count", "from_day", "to_day"):
            if key in row and not _whole(row[key]):
                raise self.fault("imports", at, key, f"{key} 应为整数", f"{key} must be a whole number")
        if "per_day" in row:
            self.number("imports", at, "per_day", row["per_day"])
        try:
            return Imports(**{"to_day": row.get("from_day", 0), **row})
        except (EpidemicFault, TypeError) as error:
            zh, en = getattr(error, "zh", str(error)), getattr(error, "en", str(error))
            raise self.fault("imports", at, "", zh, en) from None

    def measure(self, at: int, row: Row) -> m.Measure:
        kind = KINDS.get(str(row.get("kind")))
        if kind is None:
            known = ", ".join(KINDS)
            raise self.fault("measure", at, "kind", f"没有措施 {row.get('kind')}：可用 {known}", f"there is no measure {row.get('kind')!r}; use one of {known}")
        for key in row:
            if key not in (*kind.where, *kind.own, "kind"):
                allowed = ", ".join((*kind.where, *kind.own))
                raise self.fault(
                    "measure", at, key, f"措施 {row['kind']} 不按 {key} 执行：可写 {allowed}",
                    f"the measure {row['kind']} does not apply {key!r}; it takes {allowed}",
                )  # fmt: skip
        values = {key: self._value(at, key, row.get(key, default)) for key, default in kind.own.items()}
        try:
            return kind.make(self._where(at, row), values, self.contacts)
        except EpidemicFault as fault:
            raise (fault if fault.line else fault.at_line(self.lines.of("measure", at, "kind"), self.name)) from None
        except (TypeError, ValueError):
            zh = f"措施 {row['kind']} 的某项取值类型不对：请对照文档中的写法"
            en = f"a value of the measure {row['kind']} is of the wrong kind: compare with the examples of the documentation"
            raise self.fault("measure", at, "kind", zh, en) from None

    def _value(self, at: int, key: str, value: Any) -> Any:
        if value is ...:
            raise self.fault("measure", at, "", f"缺少 {key}", f"{key} is missing")
        if key in SHARES and (isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= 1):
            raise self.fault("measure", at, key, f"{key} 应在 0 到 1 之间", f"{key} must be from 0 to 1")
        if key in COUNTS and value is not None and (not _whole(value) or value < COUNTS[key]):
            raise self.fault("measure", at, key, f"{key} 应为不小于 {COUNTS[key]} 的整数", f"{key} must be a whole number, {COUNTS[key]} or more")
        return value

    def _where(self, at: int, row: Row) -> m.Where:
        ages = row.get("ages", [0, m.LAST_AGE])
        if not (isinstance(ages, list) and len(ages) == 2 and all(map(_whole, ages))):
            raise self.fault("measure", at, "ages", "ages 应为 [最小、最大] 两个年龄", "ages must be [first, last]")
        for key in ("from_day", "to_day"):
            if key in row and not _whole(row[key]):
                raise self.fault("measure", at, key, f"{key} 应为整数：第 0 天是首日", f"{key} must be a whole number; day 0 is the first day")
        for key in ("counties", "neighbourhoods", "layers", "sectors", "site_kinds"):
            if not isinstance(row.get(key, []), list):
                raise self.fault("measure", at, key, f"{key} 应为列表，如 [1, 2]", f"{key} must be a list, like [1, 2]")
        for key, last in (("sectors", len(SECTORS) - 1), ("neighbourhoods", 2**31)):
            if not all(_whole(number) and 0 <= number <= last for number in row.get(key, [])):
                raise self.fault("measure", at, key, f"{key} 应为 0 到 {last} 的整数", f"{key} must be whole numbers from 0 to {last}")
        return m.Where(
            from_day=int(row.get("from_day", 0)), to_day=row.get("to_day"), counties=tuple(map(str, row.get("counties", ()))),
            neighbourhoods=tuple(row.get("neighbourhoods", ())), layers=tuple(map(_layer, row.get("layers", ()))),
            sectors=tuple(row.get("sectors", ())), site_kinds=tuple(map(_site_kind, row.get("site_kinds", ()))),
            first_age=int(ages[0]), last_age=int(ages[1]), level=str(row.get("level", "")),
        )  # fmt: skip
