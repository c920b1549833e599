"""What can go wrong with rules, said in Chinese and in English, with what to do."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from tongchou.refusal import Refusal


class RuleError(Refusal):
    """A rule cannot be read or changed as asked; ``zh`` and ``en`` say why and what to do."""

    def __init__(self, zh: str, en: str, *, code: str = "rule", field: str = "") -> None:
        super().__init__(zh, en, code=code, field=field)


class NoRule(RuleError):
    """No row answers for this id on this day, in this area, with what was known."""

    def __init__(self, zh: str, en: str, *, rule_id: str, near: tuple[str, ...] = ()) -> None:
        super().__init__(zh, en, code="no_rule")
        self.rule_id = rule_id
        self.near = near


class NotAllowed(RuleError):
    """A proposal or a decision on one is not allowed, or what it proposes cannot stand."""


@dataclass(frozen=True)
class Problem:
    """One fault found in a pack or a proposal: where it is (file, row, key) and what is wrong."""

    file: str
    row: str
    key: str
    zh: str
    en: str

    def text_zh(self) -> str:
        return f"{self.place()}：{self.zh}"

    def text_en(self) -> str:
        return f"{self.place()}: {self.en}"

    def place(self) -> str:
        return " › ".join(part for part in (self.file, self.row, self.key) if part)


class PackError(RuleError):
    """One or more packs are faulty; ``problems`` names file, row and key of each fault."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        count = len(self.problems)
        super().__init__(
            f"规则包有 {count} 处错误，改正后再读取：\n" + "\n".join(p.text_zh() for p in self.problems),
            f"the rule packs have {count} fault(s); mend them and read again:\n"
            + "\n".join(p.text_en() for p in self.problems),
            code="pack_faults",
        )
