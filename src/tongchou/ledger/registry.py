"""All ledgers by key, in the order in which menus show them."""

from __future__ import annotations

from importlib import import_module
from pkgutil import iter_modules
from typing import TypeVar

from django.conf import settings

from tongchou.ledger.declaration import DeclarationError, Ledger, check
from tongchou.refusal import Refusal

_ledgers: dict[str, Ledger] = {}
Declared = TypeVar("Declared", bound=type[Ledger])


def register(cls: Declared) -> Declared:
    """Class decorator: hold the declaration to the rules and enter it."""
    check(cls)
    if cls.key in _ledgers and type(_ledgers[cls.key]).__name__ != cls.__name__:
        raise DeclarationError(f"two ledgers are called {cls.key!r}")
    _ledgers[cls.key] = cls()
    return cls


def get(key: str) -> Ledger:
    """The ledger of that key. Raises Refusal where there is none."""
    if key not in _ledgers:
        raise Refusal(
            f"没有名为“{key}”的台账，可用：{'、'.join(_ledgers)}。",
            f"There is no ledger {key!r}; known: {', '.join(_ledgers)}.",
            code="unknown_ledger",
        )
    return _ledgers[key]


def every() -> list[Ledger]:
    return sorted(_ledgers.values(), key=lambda ledger: (ledger.menu, ledger.key))


def discover() -> None:
    """Import each room's ``ledgers`` modules (``ledgers.py``, ``ledgers_*.py``), once Django's apps are ready."""
    for room in settings.ROOMS:
        package = import_module(f"tongchou.{room}")
        for module in iter_modules(package.__path__):
            if module.name == "ledgers" or module.name.startswith("ledgers_"):
                import_module(f"tongchou.{room}.{module.name}")
