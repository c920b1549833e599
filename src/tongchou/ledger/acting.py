"""Do a declared action: the one way by which page and API change the state of a row."""

from __future__ import annotations

from typing import Any

from tongchou.access.actor import Actor
from tongchou.ledger.declaration import Action, Ledger
from tongchou.refusal import Refusal, Refusals


def do_action(ledger: Ledger, action: Action, row: Any, raw: dict[str, str], actor: Actor) -> Any:
    """Read an action's fields and run it. Raises Refusal."""
    values, problems = {}, []
    for column in action.fields:
        try:
            values[column.name] = column.parse(raw.get(column.name))
        except Refusal as refusal:
            problems.append(refusal)
    if problems:
        raise Refusals(problems)
    return action.do(**{action.noun or ledger.key: row}, by=actor, **values)
