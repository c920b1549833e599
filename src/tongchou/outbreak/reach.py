"""How far a post sees figures of an outbreak: aggregates of its own area, or of the whole city."""

from __future__ import annotations

from tongchou import areas
from tongchou.access import permissions
from tongchou.access.actor import Actor


def top_of(actor: Actor, city: str) -> str:
    """The widest area whose aggregates this post may see; empty where it may see none."""
    read = permissions.right(actor, "D7").read
    if read == "A":
        return city
    return actor.area_path if read in ("S", "O") else ""


def reaches(actor: Actor, city: str, path: str) -> bool:
    """Whether ``path`` lies in what the post may see."""
    top = top_of(actor, city)
    if not top:
        return False
    low, high = areas.subtree(top)
    return low <= path < high
