"""What a person who writes a pack or a scenario can mend."""

from __future__ import annotations


class EpidemicFault(Exception):
    """A disease, a measure or a scenario that cannot be computed as written; both sentences say what to do.

    ``line`` is the line of the scenario file at fault, 0 where there is none.
    """

    def __init__(self, zh: str, en: str, *, line: int = 0) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en, self.line = zh, en, line

    def at_line(self, line: int, name: str = "") -> EpidemicFault:
        """The same, naming where it stands."""
        where = f"{name} " if name else ""
        return EpidemicFault(f"{where}第 {line} 行：{self.zh}", f"{where}line {line}: {self.en}", line=line)
