"""The resident identity number of GB 11643-1999: read, check, never repair.

An 18-character text: 6 digits of the division of registration, 8 of the birth date, 3 of
sequence (odd for men, even for women) and one check character. A number that fails is refused
with a reason; nothing is padded, cut or corrected, because a silently corrected number is
another person's number.
"""

from __future__ import annotations

import re
from datetime import date
from operator import mul
from typing import NamedTuple

from tongchou import citytime
from tongchou.people.errors import PeopleError

LENGTH = 18
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_OF_ZEROS = sum(_WEIGHTS) * ord("0")
_OLDEST_BIRTH = date(1880, 1, 1)
_SHAPE = re.compile(r"[0-9]{17}[0-9X]")
_WRITTEN_AS_A_NUMBER = re.compile(r"^\d(\.\d+)?[eE]\+?\d+$|^\d+\.0*$")


class BadIdNumber(PeopleError):
    """An identity number that cannot be a resident's."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en, field="id_no")


class IdNumber(NamedTuple):
    """A number that passed every check."""

    text: str
    division: str
    born_on: date
    sex: str


def check_character(first17: str) -> str:
    """The check character of 17 digits: weighted sum modulo 11 (GB 11643, ISO 7064 MOD 11-2)."""
    return _CHECK[(sum(map(mul, first17.encode("ascii"), _WEIGHTS)) - _OF_ZEROS) % 11]


def read(text: str, *, on: date | None = None) -> IdNumber:
    """Check one number as it was written.

    Args:
        text: the cell or field. Surrounding blanks are dropped and a lower-case ``x`` is read as
            ``X``; both are ways of writing the same number, nothing else is changed.
        on: the day on which a birth may not lie in the future; the city's today by default.

    Raises:
        BadIdNumber: with a code, a Chinese and an English sentence saying what to do.
    """
    text = _shaped(text)
    born_on = _birth(text, on or citytime.today())
    if text[:2] not in _PROVINCES:
        raise BadIdNumber(
            "id_division",
            f"身份证号前两位 {text[:2]} 不是省级代码，请核对原件",
            f"The first two digits {text[:2]} are no province: check the card",
        )
    expected = check_character(text[:17])
    if text[17] != expected:
        raise BadIdNumber(
            "id_check_digit",
            "身份证号校验位不符，至少有一位抄错，请核对原件",
            "The check digit does not fit: at least one digit is wrong; check the card",
        )
    return IdNumber(text, text[:6], born_on, "male" if int(text[16]) % 2 else "female")


def _shaped(raw: str) -> str:
    if not isinstance(raw, str):
        raise BadIdNumber(
            "id_not_text",
            "身份证号须以文本保存；此格是数值，末尾几位可能已丢失，请把该列设为文本后重新录入",
            "An identity number must be text; this cell is a number whose last digits may be lost: set the column to text and enter it again",
        )
    text = raw.strip().upper()
    if _SHAPE.fullmatch(text) and not text.endswith("000"):
        return text
    if _WRITTEN_AS_A_NUMBER.match(text):
        raise BadIdNumber(
            "id_damaged",
            "身份证号已被表格软件改成科学计数，末尾几位已丢失，请从原件重新录入并把该列设为文本",
            "A spreadsheet turned this number into 1.1E+17 and lost its last digits: enter it again from the card, as text",
        )
    if len(text) == 15 and text.isascii() and text.isdigit():
        raise BadIdNumber(
            "id_first_generation",
            "这是15位旧号，2013年起停用，请录入18位号",
            "This is a 15-digit number, out of use since 2013: enter the 18-digit one",
        )
    if len(text) != LENGTH:
        raise BadIdNumber(
            "id_length",
            f"身份证号应为18位，这里有{len(text)}位",
            f"An identity number has 18 characters; this has {len(text)}",
        )
    if not _SHAPE.fullmatch(text):
        raise BadIdNumber(
            "id_characters",
            "身份证号只能有17位数字和末位数字或X",
            "An identity number is 17 digits and a last digit or X",
        )
    if text.endswith("000") and text[6:14].isdigit() and check_character(text[:17]) != text[17]:
        raise BadIdNumber(
            "id_damaged",
            "身份证号末三位是000且校验不符，多半被表格软件按数值截断，请从原件重新录入",
            "The last three digits are 000 and the check fails: a spreadsheet probably cut it; enter it again from the card",
        )
    return text


def _birth(text: str, on: date) -> date:
    try:
        born_on = date.fromisoformat(text[6:14])
    except ValueError:
        raise BadIdNumber(
            "id_birth_impossible",
            f"身份证号中的出生日期 {text[6:10]}-{text[10:12]}-{text[12:14]} 不存在，请核对原件",
            f"There is no day {text[6:10]}-{text[10:12]}-{text[12:14]}: check the card",
        ) from None
    if born_on > on:
        raise BadIdNumber(
            "id_birth_future",
            f"身份证号中的出生日期 {born_on} 在将来，请核对原件",
            f"The birth date {born_on} in the number lies in the future: check the card",
        )
    if born_on < _OLDEST_BIRTH:
        raise BadIdNumber(
            "id_birth_past",
            f"身份证号中的出生日期 {born_on} 早于1880年，请核对原件",
            f"The birth date {born_on} in the number lies before 1880: check the card",
        )
    return born_on


# GB/T 2260 province codes; 81-83 are the residence permits of Hong Kong, Macao and Taiwan residents,
# 91 the permanent residence card of foreigners.
_PROVINCES = frozenset(
    code
    for row in ("11-15", "21-23", "31-37", "41-46", "50-54", "61-65", "71-71", "81-83", "91-91")
    for code in map(str, range(int(row[:2]), int(row[3:]) + 1))
)
