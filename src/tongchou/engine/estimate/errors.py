"""The one error of the estimators: what was asked can't be estimated as given, said in Chinese and in English."""

from __future__ import annotations


class EstimateError(ValueError):
    """``zh`` and ``en`` say which figure is at fault and what to give instead."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en
