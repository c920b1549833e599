"""The unified social credit code of GB 32100-2015: read and check, never repair."""

from __future__ import annotations

from tongchou.places.errors import PlacesError

CHARACTERS = "0123456789ABCDEFGHJKLMNPQRTUWXY"
_WEIGHTS = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)


class BadCreditCode(PlacesError):
    """A credit code that no registry can have issued."""


def check_character(first17: str) -> str:
    """The check character: 31 minus the weighted sum modulo 31 (weights 3**i mod 31)."""
    total = sum(CHARACTERS.index(letter) * weight for letter, weight in zip(first17, _WEIGHTS, strict=True))
    return CHARACTERS[(31 - total % 31) % 31]


def read(text: str) -> str:
    """A credit code as text, upper case.

    Raises:
        BadCreditCode: wrong length, a letter that the standard leaves out (I O S V Z), or a wrong check character.
    """
    code = text.strip().upper()
    if len(code) != 18:
        raise BadCreditCode(
            "uscc_length",
            f"统一社会信用代码应为18位，这里有{len(code)}位",
            f"A credit code has 18 characters; this has {len(code)}",
        )
    odd = sorted(set(code) - set(CHARACTERS))
    if odd:
        raise BadCreditCode(
            "uscc_characters",
            f"统一社会信用代码不含字符 {''.join(odd)}（不用 I O S V Z）",
            f"A credit code never has {''.join(odd)} (I O S V Z are not used)",
        )
    if check_character(code[:17]) != code[17]:
        raise BadCreditCode(
            "uscc_check", "统一社会信用代码校验位不符，请核对执照", "The check character does not fit: check the licence"
        )
    return code
