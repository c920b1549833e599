"""What a post does to a division from its page; the reforms themselves are in ``areas``."""

from __future__ import annotations

from datetime import date

from tongchou.access.actor import Actor
from tongchou.areas.actions.reform import ReformResult, merge_areas, rename_area
from tongchou.areas.errors import AreaError
from tongchou.areas.models import Area


def rename_division(*, area: Area, name: str, on: date, by: Actor, source: str | None = None) -> ReformResult:
    """The division has another name from the day ``on``. Raises AreaError."""
    return rename_area(path=area.path, name=name, on=on, by=by.by, source=source or "")


def merge_division(
    *, area: Area, to: str, on: date, by: Actor, name: str | None = None, source: str | None = None
) -> ReformResult:
    """The division becomes part of another from the day ``on``; what lies below it gets codes there. Raises AreaError.

    Both must lie in the acting post's own area: a merger reaches into the other division too.
    """
    reach = tuple(scope.value for scope in by.scopes if scope.kind == "area")
    if not to.startswith(reach):
        raise AreaError(
            "out_of_scope",
            f"区划 {to} 不在您的辖区之内，请由两个区划共同上级的岗位办理",
            f"division {to} lies outside your area; a post above both divisions may do it",
        )
    return merge_areas(
        from_paths=[area.path], to=to, on=on, by=by.by, name=name or "", source=source or "", note=by.purpose
    )
