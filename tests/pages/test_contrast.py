"""The design tokens keep text readable in both themes: 4.5:1 at least, counted from the file as it is shipped."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from django.conf import settings

TOKENS = Path(settings.PACKAGE) / "static" / "tongchou" / "css" / "tokens.css"
PAIRS = (
    ("ink", "paper"), ("ink", "surface"), ("ink-2", "paper"), ("ink-2", "surface"), ("ink-3", "paper"), ("ink-3", "surface"),
    ("ink-3", "surface-2"), ("accent", "surface"), ("accent", "paper"), ("accent-strong", "accent-tint"), ("on-accent", "accent"),
    ("bar-ink", "bar"), ("bar-ink-2", "bar"), ("low-ink", "low-tint"), ("medium-ink", "medium-tint"), ("high-ink", "high-tint"),
    ("unknown-ink", "unknown-tint"), ("high-ink", "surface"), ("low-ink", "surface"),
)  # fmt: skip


def theme(name: str) -> dict[str, str]:
    """The colours of a theme by token name, without the prefix."""
    text = TOKENS.read_text(encoding="utf-8")
    block = text.split(f'[data-bs-theme="{name}"] {{')[1].split("}")[0]
    return dict(re.findall(r"--tc-([\w-]+): (#[0-9a-f]{6});", block))


def luminance(colour: str) -> float:
    """WCAG 2.1 relative luminance of ``#rrggbb``."""
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def ratio(one: str, other: str) -> float:
    high, low = sorted((luminance(one), luminance(other)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_the_measure_itself():
    assert ratio("#000000", "#ffffff") == pytest.approx(21)
    assert ratio("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


@pytest.mark.parametrize("name", ["light", "dark"])
def test_text_on_its_ground(name):
    colours = theme(name)
    low = {f"{text} on {ground}": round(ratio(colours[text], colours[ground]), 2) for text, ground in PAIRS}
    assert {pair: value for pair, value in low.items() if value < 4.5} == {}
