"""The dated tree of divisions: codes, names, valid dates, successors, outlines."""

from tongchou.areas.codes import LEVELS, ancestors, code_of, level_of, parent_of, path_of, subtree
from tongchou.areas.errors import AreaError, BadCode, NoArea
from tongchou.areas.reads import (
    below,
    children,
    find,
    full_name,
    get,
    holds,
    name_of,
    predecessors,
    reaggregate,
    successors,
    within,
)
from tongchou.areas.snapshot import tree
from tongchou.areas.tree import Division

__all__ = [
    "LEVELS", "AreaError", "BadCode", "Division", "NoArea", "ancestors", "below", "children", "code_of", "find",
    "full_name", "get", "holds", "level_of", "name_of", "parent_of", "path_of", "predecessors", "reaggregate", "subtree",
    "successors", "tree", "within",
]  # fmt: skip
