"""Rules as data: packs and the city's own rows, read for a day, an area and what was known.

``rulebook.at(day, area=...)`` is the one door; ``docs/rulebook.md`` states the order of precedence.
"""

from tongchou.rulebook.answers import Beaten, RuleAnswer, Rules
from tongchou.rulebook.errors import NoRule, PackError, RuleError
from tongchou.rulebook.reader import at, book

__all__ = ["Beaten", "NoRule", "PackError", "RuleAnswer", "RuleError", "Rules", "at", "book"]
