"""The append-only trail: who did or read what, when, for which purpose; chained by hash."""

from tongchou.audit.by import By, Event

__all__ = ["By", "Event", "hold", "record", "record_many", "timeline", "touched_after", "value_hash", "verify", "written", "written_new", "written_since"]


def __getattr__(name: str):
    """Reach the trail's functions late: its model can be imported only once Django's apps are ready."""
    if name in __all__:
        from importlib import import_module

        found = globals()[name] = getattr(import_module("tongchou.audit.trail"), name)
        return found
    raise AttributeError(name)
