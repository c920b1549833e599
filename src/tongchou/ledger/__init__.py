"""The kernel: declare a ledger once; list, form, import, export and API follow."""

from importlib import import_module

_HOMES = {
    "Column": "columns", "Ledger": "declaration", "Action": "declaration", "DeclarationError": "declaration",
    "register": "registry", "get": "registry", "every": "registry",
    "serialize": "serializer", "Shown": "serializer", "open_assignments_by": "door",
}  # fmt: skip
_MODULES = ("write", "door", "registry", "columns", "search")


def __getattr__(name: str):
    """Reach the kernel's names late: they need Django's models, this package is imported before those."""
    if name in _HOMES:
        return getattr(import_module(f"tongchou.ledger.{_HOMES[name]}"), name)
    if name in _MODULES:
        return import_module(f"tongchou.ledger.{name}")
    raise AttributeError(name)
