"""How a personal value looks to someone who may know that it is there but not what it is.

Whether a value is masked follows from the permission table; this file only says how. The form keeps
what is needed to tell two rows apart: 张**, 510402********1234, 138****5678, an address down to its village.
"""

from __future__ import annotations

import re

from tongchou.access.permissions import Right

STARS = "****"
NAME_COLUMNS = ("name", "other_name", "contact_name", "head_name", "holder_name", "user_name", "person_name", "former_name")
PERSON_COLUMNS = ("person", "head", "contact", "index_person", "merged_into")
_VILLAGE = re.compile(r"^.*?(?:社区|居委会|村民委员会|村委会|行政村|村)")
_TOWNSHIP = re.compile(r"^.*?(?:街道|镇|乡)")


def hides(kind: str, name: str = "") -> bool:
    """Whether a column of this kind and name has a part to hide; a date or a choice is shown or left out whole."""
    return bool(_form(kind, name))


def show(text: str, kind: str, name: str = "", right: Right | None = None) -> str:
    """The masked form of a text. ``right.show == "last2"`` gives a checkpoint the surname and the last two digits."""
    if not text:
        return ""
    form = _form(kind, name)
    if right is not None and right.show == "last2" and form in ("id_no", "phone"):
        return STARS + text[-2:]
    return _FORMS[form](text) if form else text


def _form(kind: str, name: str) -> str:
    last = name.rsplit("__", 1)[-1]
    if kind in ("id_no", "phone", "address", "long", "json"):
        return kind
    if kind == "ref":
        return "ref" if last in PERSON_COLUMNS else ""
    if kind == "name" or (kind == "text" and last in NAME_COLUMNS):
        return "name"
    return "long" if kind == "text" and last in ("note", "remark", "occupation", "workplace") else ""


def _name(text: str) -> str:
    """The surname and two stars, whatever the length: the length of a name is a hint too."""
    return text.strip()[:1] + "**"


def _id_no(text: str) -> str:
    return f"{text[:6]}{'*' * (len(text) - 10)}{text[-4:]}" if len(text) >= 15 else text[:1] + STARS


def _phone(text: str) -> str:
    digits = re.sub(r"\D", "", text)
    return f"{digits[:3]}{STARS}{digits[-4:]}" if len(digits) >= 11 else STARS + digits[-2:]


def _address(text: str) -> str:
    found = _VILLAGE.match(text) or _TOWNSHIP.match(text)
    return (found.group() if found and len(found.group()) < len(text) else text[:3]) + STARS


def _ref(text: str) -> str:
    return "|".join(_id_no(part) if re.fullmatch(r"[0-9Xx]{15,18}", part) else _name(part) for part in text.split("|"))


_FORMS = {
    "name": _name, "id_no": _id_no, "phone": _phone, "address": _address, "ref": _ref,
    "long": lambda text: STARS, "json": lambda text: STARS,
}
