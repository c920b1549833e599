"""A column of a ledger: how its value is read from text, shown as text, and to which field class it belongs.

Form, sheet and API all hand over text, so there is one way in for every kind.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from decimal import Decimal, InvalidOperation
from typing import Any

from django.utils.functional import Promise

from tongchou import areas, citytime
from tongchou.refusal import Refusal

Label = str | Promise
Choices = Iterable[tuple[str, Label]] | Callable[[], Iterable[tuple[str, Label]]]

KINDS = ("text", "long", "int", "decimal", "date", "datetime", "bool", "choice", "area", "ref", "id_no", "phone", "address", "json")
SEALED_KINDS = ("id_no", "phone", "address")

_DATE_FORMS = (
    re.compile(r"^(\d{4})[-/.年](\d{1,2})[-/.月](\d{1,2})日?$"),
    re.compile(r"^(\d{4})(\d{2})(\d{2})$"),
)
_TRUE = {"1", "true", "yes", "y", "是", "有", "对"}
_FALSE = {"0", "false", "no", "n", "否", "无", "不"}


@dataclass(frozen=True, eq=False)
class Column:
    """One column, declared once for list, form, sheet, export and API.

    ``attr`` is the model path where it differs from ``name`` (``person__name`` is read-only);
    ``identity`` columns together find the row again when a sheet is imported; ``create_only`` ones
    are given with a new row and later moved by actions alone; ``check`` gets the parsed value and
    returns it, or raises Refusal.
    """

    name: str
    label: Label
    cls: str
    kind: str = "text"
    attr: str = ""
    identity: bool = False
    required: bool = False
    editable: bool = True
    create_only: bool = False
    in_list: bool = True
    choices: Choices = ()
    to: str = ""
    max_length: int = 200
    check: Callable[[Any], Any] | None = None
    help: Label = ""
    example: str = field(default="")
    #: other headers under which sheets bring this column
    also: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise ValueError(f"column {self.name}: unknown kind {self.kind!r}, one of {KINDS}")
        if self.kind == "ref" and not self.to:
            raise ValueError(f"column {self.name}: a reference names its ledger with to=")
        if not self.attr:
            object.__setattr__(self, "attr", self.name)
        if "__" in self.attr and self.editable:
            raise ValueError(f"column {self.name}: {self.attr} belongs to another row, so it cannot be editable here")

    @property
    def choice_pairs(self) -> list[tuple[str, Label]]:
        return list(self.choices() if callable(self.choices) else self.choices)

    def read(self, row: Any) -> Any:
        """The value on a model instance, following ``attr``; a missing link on the way gives None."""
        value = row
        for step in self.attr.split("__"):
            value = getattr(value, step, None)
            if value is None:
                return None
        return value

    def parse(self, text: str | None) -> Any:
        """Text to value; blank is None. Raises Refusal with code, both languages and this column's name."""
        text = clean_text(text)
        if text == "":
            if self.required:
                raise self._refuse("required", "不能为空。", "is required.")
            return None
        value = _PARSERS[self.kind](self, text)
        if self.check is not None:
            try:
                value = self.check(value)
            except Refusal as refusal:
                refusal.field = refusal.field or self.name
                raise
        return value

    def render(self, value: Any) -> str:
        """Value to text, in the form that ``parse`` reads back."""
        if value is None:
            return ""
        if self.kind == "bool":
            return "是" if value else "否"
        if self.kind == "datetime":
            return value.astimezone(citytime.zone()).isoformat(timespec="seconds")
        if self.kind == "date":
            return value.isoformat()
        if self.kind == "area":
            return str(value).ljust(12, "0") if len(str(value)) <= 12 else str(value)
        if self.kind == "ref":
            return reference_text(self, value)
        return str(value)

    def say(self, value: Any) -> str:
        """Value as a person reads it: names of areas and choices, dates in the city's time."""
        if value is None or value == "":
            return ""
        if self.kind == "choice":
            return str(dict(self.choice_pairs).get(value, value))
        if self.kind == "area":
            return area_name(str(value))
        if self.kind == "datetime":
            return value.astimezone(citytime.zone()).strftime("%Y-%m-%d %H:%M")
        return self.render(value)

    def _refuse(self, code: str, zh: str, en: str) -> Refusal:
        return Refusal(f"「{self.label}」{zh}", f"{self.name}: {en}", code=code, field=self.name)


def clean_text(text: object) -> str:
    """Strip blanks of every width and the marks that sheets and web pages leave; refuse nothing here."""
    if text is None:
        return ""
    if type(text) is str and text.isascii():
        return text.strip()
    return str(text).replace("\u00a0", " ").replace("\u3000", " ").replace("\ufeff", "").strip()


def reference_text(column: Column, target: Any) -> str:
    from tongchou.ledger import registry  # columns are declared before any ledger is registered

    identity = registry.get(column.to).identity_columns()
    return "|".join(part.render(part.read(target)) for part in identity)


def parse_date(text: str) -> date:
    """A calendar day from the forms people write. Raises ValueError for what is on no calendar."""
    text = re.sub(r"[ T]00:00(:00)?$", "", text)
    for form in _DATE_FORMS:
        match = form.match(text)
        if match:
            return date(*map(int, match.groups()))
    raise ValueError(text)


def _date(column: Column, text: str) -> date:
    try:
        return parse_date(text)
    except ValueError:
        raise column._refuse(
            "bad_date", f"“{text}”不是日历上的日期，请写成 2020-02-14。", f"{text!r} is no day on the calendar; write 2020-02-14."
        ) from None


def _datetime(column: Column, text: str) -> datetime:
    try:
        value = datetime.fromisoformat(text.replace("/", "-"))
    except ValueError:
        raise column._refuse(
            "bad_instant", f"“{text}”不是时间，请写成 2020-02-14 17:30。", f"{text!r} is no time; write 2020-02-14 17:30."
        ) from None
    return (value if value.tzinfo else value.replace(tzinfo=citytime.zone())).astimezone(UTC)


def _int(column: Column, text: str) -> int:
    try:
        return int(re.sub(r"\.0+$", "", text))
    except ValueError:
        raise column._refuse("bad_number", f"“{text}”不是整数。", f"{text!r} is no whole number.") from None


def _decimal(column: Column, text: str) -> Decimal:
    try:
        value = Decimal(text)
    except InvalidOperation:
        value = Decimal("nan")
    if not value.is_finite():
        raise column._refuse("bad_number", f"“{text}”不是数字。", f"{text!r} is no number.")
    return value


def _bool(column: Column, text: str) -> bool:
    low = text.lower()
    if low in _TRUE or low in _FALSE:
        return low in _TRUE
    raise column._refuse("bad_yes_no", f"“{text}”请填“是”或“否”。", f"{text!r}: write yes or no.")


def _choice(column: Column, text: str) -> str:
    pairs = column.choice_pairs
    for value, label in pairs:
        if text in (value, str(label)) or text.lower() == value.lower():
            return value
    listed = "、".join(str(label) for _, label in pairs[:12])
    codes = ", ".join(value for value, _ in pairs[:12])
    raise column._refuse("unknown_choice", f"“{text}”不在可选值中：{listed}。", f"{text!r} is none of: {codes}.")


def area_name(path: str) -> str:
    """An area's name from its county down: within one city the province and city only fill the line."""
    chain = [step for step in (*areas.ancestors(path), path) if len(step) >= 6] or [path]
    return "".join(areas.name_of(step) for step in chain)


def area_path(text: str) -> str | None:
    """The path of a division written as a code (also with ``.0`` from a sheet) or by a name that only one bears."""
    digits = text.removesuffix(".0")
    if digits.isdigit():
        try:
            path = areas.path_of(digits)
        except areas.AreaError:
            return None
        return path if areas.find(path) else None
    named = areas.tree().named(text, citytime.today())
    return named[0].path if len(named) == 1 else None


def _area(column: Column, text: str) -> str:
    path = area_path(text)
    if path is None:
        raise column._refuse(
            "unknown_area",
            f"“{text}”不是本市现有或曾有的区划代码，也不是只有一处的区划名称，请查区划台账。",
            f"{text!r} is no division code of this city, past or present, nor a name that only one division bears;"
            " see the area ledger.",
        )
    return path


def _text(column: Column, text: str) -> str:
    if "\x00" in text:
        raise column._refuse("bad_text", "含有空字符，请删除。", "holds a NUL character; delete it.")
    if len(text) > column.max_length:
        raise column._refuse(
            "too_long", f"超过 {column.max_length} 个字，现有 {len(text)} 个。", f"is longer than {column.max_length} characters ({len(text)})."
        )
    return text


_PARSERS: Mapping[str, Callable[[Column, str], Any]] = {
    "text": _text, "long": _text, "ref": _text, "id_no": _text, "phone": _text, "address": _text, "json": _text,
    "int": _int, "decimal": _decimal, "date": _date, "datetime": _datetime, "bool": _bool, "choice": _choice, "area": _area,
}  # fmt: skip
