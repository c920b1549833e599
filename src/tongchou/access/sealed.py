"""Sealed fields: AES-GCM with the row's place as associated data, and a keyed blind index to search them.

A stored value is ``algorithm (1 byte) | key id (4) | nonce (12) | ciphertext and tag``. The associated
data is ``table.field.pk``, so a value copied into another row or column does not open. The key lies
in the key folder, outside the database. The algorithm byte leaves room for SM4.
"""

from __future__ import annotations

import hashlib
import os
import re
import unicodedata
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from django import forms
from django.conf import settings
from django.core.validators import MaxLengthValidator
from django.db import models

from tongchou import keyed
from tongchou.access import personal
from tongchou.access.errors import SealedError

AES_GCM = 1
_HEAD = 5
_NONCE = 12
#: nonces that a batch draws from the system together
_AT_ONCE = 100


class Sealed(bytes):
    """The stored bytes of a sealed value: proof against mistaking them for text."""


class KeyRing:
    """The current key and the retired ones that still open old rows, read from the key folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.reload()

    def reload(self) -> None:
        """Read the folder anew: another process may have rotated the key."""
        self.stamp = (self.folder / "seal").stat().st_mtime_ns
        files = [self.folder / "seal", *sorted(self.folder.glob("seal.retired-*"))]
        found = [bytes.fromhex(file.read_text().strip()) for file in files]
        self.current = key_id(found[0])
        self.keys = {key_id(key): AESGCM(key) for key in found}

    def refresh(self) -> None:
        """Read the folder anew where the current key was replaced: nothing is sealed with a retired key."""
        if (self.folder / "seal").stat().st_mtime_ns != self.stamp:
            self.reload()

    def cipher(self, wanted: bytes) -> AESGCM:
        if wanted not in self.keys:
            self.reload()
        if wanted not in self.keys:
            raise SealedError(f"密钥 {wanted.hex()} 不在密钥文件夹中，请从备份恢复 / the key is not in the key folder: restore it from the backup")
        return self.keys[wanted]


def key_id(key: bytes) -> bytes:
    """Four bytes that name a key without telling it."""
    return hashlib.sha256(b"tongchou key id" + key).digest()[:4]


_rings: dict[Path, KeyRing] = {}


def ring() -> KeyRing:
    """The key ring of this city's data folder."""
    found = _rings.get(settings.DATA)
    if found is None:
        found = _rings[settings.DATA] = KeyRing(Path(settings.DATA) / "keys")
    return found


def current_key() -> bytes:
    """The id of the key with which values are sealed now, as the key folder says."""
    keys = ring()
    keys.refresh()
    return keys.current


def seal(text: str, place: str) -> Sealed:
    """Seal a text for one place ``table.field.pk``."""
    keys, nonce = ring(), os.urandom(_NONCE)
    keys.refresh()
    head = bytes([AES_GCM]) + keys.current
    return Sealed(head + nonce + keys.cipher(keys.current).encrypt(nonce, text.encode(), head + place.encode()))


def unseal(value: bytes, place: str) -> str:
    """Open a stored value in its place.

    Raises:
        SealedError: when the value was altered, stands in another place, or its key is gone.
    """
    if not value:
        return ""
    if value[0] != AES_GCM or len(value) < _HEAD + _NONCE:
        raise SealedError(f"{place}：未知的加密算法 {value[0]} / unknown algorithm")
    head, nonce, body = value[:_HEAD], value[_HEAD : _HEAD + _NONCE], value[_HEAD + _NONCE :]
    try:
        return ring().cipher(bytes(head[1:])).decrypt(nonce, body, head + place.encode()).decode()
    except InvalidTag:
        raise SealedError(f"{place}：密文被改动或移位，请从备份恢复该行 / the value was altered or moved: restore the row") from None


def unseal_many(field: Any, stored: Iterable[tuple[Any, bytes]]) -> Iterator[str]:
    """Open one sealed field of many rows, given as key and stored value; raises as ``unseal``."""
    prefix = f"{field.model._meta.db_table}.{field.column}."
    for pk, value in stored:
        yield unseal(value, f"{prefix}{pk}")


class _SealedAttribute:
    """Opens the stored value when it is read, so a row that is listed without it costs nothing."""

    def __init__(self, field: SealedField) -> None:
        self.field = field

    def __get__(self, instance: models.Model | None, owner: type | None = None) -> Any:
        if instance is None:
            return self
        name = self.field.attname
        if name not in instance.__dict__:
            instance.refresh_from_db(fields=[name])
        value = instance.__dict__[name]
        return unseal(value, self.field.place(instance)) if isinstance(value, Sealed) else value

    def __set__(self, instance: models.Model, value: Any) -> None:
        instance.__dict__[self.field.attname] = value


class SealedField(models.Field):
    """A text that is stored sealed; an empty text is stored empty.

    ``field_class``, ``purpose`` and ``keep_days`` go to the register of personal fields. Writing goes
    through ``save`` or ``bulk_create``; ``update()`` and ``bulk_update()`` are refused, because they know no row.
    """

    def __init__(self, *args: Any, field_class: str = "", purpose: str = "", keep_days: int = 0, max_length: int = 4000, **kwargs: Any) -> None:
        self.field_class, self.purpose, self.keep_days = field_class, purpose, keep_days
        self.text_length = max_length
        super().__init__(*args, **kwargs)
        self.validators.append(MaxLengthValidator(max_length))

    def deconstruct(self) -> Any:
        name, _path, args, kwargs = super().deconstruct()
        return name, "tongchou.access.sealed.SealedField", args, kwargs

    def get_internal_type(self) -> str:
        return "BinaryField"

    def contribute_to_class(self, cls: type[models.Model], name: str, private_only: bool = False) -> None:
        super().contribute_to_class(cls, name, private_only)
        setattr(cls, self.attname, _SealedAttribute(self))
        if cls.__module__ != "__fake__" and not cls._meta.abstract:
            personal.declare(cls, name, self.field_class, self.purpose, self.keep_days, sealed=True)

    def place(self, instance: models.Model) -> str:
        if instance.pk is None:
            raise SealedError(f"{self.model.__name__}.{self.name}：没有主键不能加密 / a row without its key cannot be sealed")
        return f"{instance._meta.db_table}.{self.column}.{instance.pk}"

    def from_db_value(self, value: Any, expression: Any, connection: Any) -> Sealed | None:
        return None if value is None else Sealed(value)

    def to_python(self, value: Any) -> Any:
        return value if value is None or isinstance(value, (str, Sealed)) else str(value)

    def batch_sealer(self) -> Callable[[str, str], Sealed]:
        """What seals a plain value of this field for a key, for the many rows of ``tongchou.insert``: the key folder is asked once."""
        keys = ring()
        keys.refresh()
        head = bytes([AES_GCM]) + keys.current
        encrypt = keys.cipher(keys.current).encrypt
        place = head + f"{self.model._meta.db_table}.{self.column}.".encode()
        nonces: list[bytes] = []

        def seal_for(value: str, pk: str) -> Sealed:
            if not value:
                return Sealed()
            if not nonces:
                drawn = os.urandom(_NONCE * _AT_ONCE)
                nonces.extend([drawn[start : start + _NONCE] for start in range(0, len(drawn), _NONCE)])
            nonce = nonces.pop()
            return Sealed(head + nonce + encrypt(nonce, value.encode(), place + pk.encode()))

        return seal_for

    def pre_save(self, model_instance: models.Model, add: bool) -> Sealed | None:
        return seal_in_place(model_instance, self.attname)

    def get_prep_value(self, value: Any) -> Any:
        if value is None or isinstance(value, Sealed):
            return value
        if value == "":
            return Sealed()
        raise SealedError(f"{self.model.__name__}.{self.name}：加密字段只能随整行保存 / a sealed field is saved with its row, and searched by its blind index")

    def get_db_prep_value(self, value: Any, connection: Any, prepared: bool = False) -> Any:
        value = super().get_db_prep_value(value, connection, prepared)
        return value if value is None else connection.Database.Binary(bytes(value))

    def value_to_string(self, obj: models.Model) -> str:
        raise SealedError(f"{self.model.__name__}.{self.name}：加密字段不能序列化 / a sealed field is not serialised by Django")

    def formfield(self, **kwargs: Any) -> Any:
        return super().formfield(**{"form_class": forms.CharField, "max_length": self.text_length, **kwargs})


def seal_in_place(row: models.Model, name: str) -> Sealed | None:
    """Seal a row's value where it still is plain text, and return what is to be stored."""
    field: Any = row._meta.get_field(name)
    value = row.__dict__.get(field.attname)
    if value is None or isinstance(value, Sealed):
        return value
    stored = seal(value, field.place(row)) if value else Sealed()
    row.__dict__[field.attname] = stored
    return stored


#: of a hash, 63 bits in a BigIntegerField: an index of numbers is half as large as one of texts. That two values of ten
#: million share one has a chance of 5 in a million; an import compares the values as well, a merge is confirmed by a person
_INDEX_BITS = 63
_BLANKS, _NO_DIGITS, _CHINA = re.compile(r"[\s\-]+"), re.compile(r"\D+"), re.compile(r"^(?:00)?86(?=1\d{10}$)")
_MOBILE_DIGITS = 11
_PUNCTUATION = re.compile(r"[\s\-_,.;:/\\()\[\]'\"#,。;:、()【】·]+")


def _narrow(text: str) -> str:
    return (text if text.isascii() else unicodedata.normalize("NFKC", text)).strip()


def _id_no(text: str) -> str:
    narrow = _narrow(text)
    return (narrow if narrow.isalnum() else _BLANKS.sub("", narrow)).upper()


def _phone(text: str) -> str:
    narrow = _narrow(text)
    digits = narrow if narrow.isascii() and narrow.isdigit() else _NO_DIGITS.sub("", narrow)
    return digits if len(digits) <= _MOBILE_DIGITS else _CHINA.sub("", digits)


def _squeezed(text: str) -> str:
    return _PUNCTUATION.sub("", _narrow(text)).casefold()


NORMALISERS = {"id_no": _id_no, "phone": _phone, "address": _squeezed, "name": _squeezed}


def normalise(kind: str, text: str) -> str:
    """The form of a value in which two spellings of the same thing are equal. ``kind``: id_no, phone, address, name."""
    if kind not in NORMALISERS:
        raise ValueError(f"no normaliser for {kind!r}: one of {sorted(NORMALISERS)}")
    return NORMALISERS[kind](text)


def blind_index(kind: str, text: str) -> int:
    """A keyed hash by which an exact value is found without storing it; 0 for an empty value."""
    plain = normalise(kind, text or "")
    return shortened(keyed.under("index")(f"{kind}\0{plain}".encode())) if plain else 0


def shortened(hexdigest: str) -> int:
    """What a blind index keeps of a hash: a positive number of ``_INDEX_BITS`` bits."""
    return int(hexdigest[:16], 16) >> (64 - _INDEX_BITS)
