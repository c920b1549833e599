"""Pages of access, and the mark that ties any view to its row of the permission table.

The gate itself is ``access.middleware``."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tongchou.access import permissions


def page(route_name: str) -> Callable[[Callable[..., Any]], Callable[..., Any]]:
    """Declare the route name of a view, e.g. ``@page("home")``.

    The name must have a row in ``permissions.toml``; a missing one raises when the module is
    imported, so a page that nobody decided about cannot be served.
    """
    permissions.may_open(None, route_name)

    def mark(view: Callable[..., Any]) -> Callable[..., Any]:
        view.route_name = route_name  # type: ignore[attr-defined]
        return view

    return mark
