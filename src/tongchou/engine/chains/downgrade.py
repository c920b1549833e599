"""When a lower level may be proposed, and how likely it is that nothing comes between."""

from __future__ import annotations

from dataclasses import dataclass

from tongchou.engine.chains.episode import EpisodeEnd


@dataclass(frozen=True)
class Downgrade:
    """``days``: until the rule allows a lower level if no case comes. ``chance``: that none comes until then, so that the
    count of days is not set back; None beyond the horizon of the chances."""

    days: int
    chance: float | None


def estimate_downgrade(days_to_downgrade: int | None, end: EpisodeEnd) -> Downgrade | None:
    """The rule's days joined with the chance of a quiet spell of that length; None where waiting alone does not help."""
    if days_to_downgrade is None:
        return None
    if days_to_downgrade >= end.quiet.size:
        return Downgrade(days_to_downgrade, None)
    return Downgrade(days_to_downgrade, float(end.quiet[days_to_downgrade]))
