"""Phone numbers as the city writes them: mobile (11 digits) or fixed line with area code."""

from __future__ import annotations

import re

from tongchou.people.errors import PeopleError

_MOBILE = re.compile(r"1\d{10}")
_WRITTEN, _CHINA = re.compile(r"[\s\-()（）]"), re.compile(r"^(\+86|0086)")
_FIXED = re.compile(r"0\d{2,3}\d{7,8}")


class BadPhone(PeopleError):
    """A phone number that nobody could dial."""

    def __init__(self, code: str, zh: str, en: str) -> None:
        super().__init__(code, zh, en, field="phone")


def read(text: str) -> str:
    """The digits of a phone number: blanks, dashes and +86 are ways of writing it, not part of it.

    Raises:
        BadPhone: where what is left is neither a mobile nor a fixed line with area code.
    """
    if _MOBILE.fullmatch(text):
        return text
    digits = _CHINA.sub("", _WRITTEN.sub("", text))
    if not (_MOBILE.fullmatch(digits) or _FIXED.fullmatch(digits)):
        raise BadPhone(
            "phone_shape",
            f"电话 {text} 不是11位手机号，也不是带区号的固定电话",
            f"The phone {text} is neither an 11-digit mobile number nor a fixed line with area code",
        )
    return digits
