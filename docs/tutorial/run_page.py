"""Runs every command of ``docs/tutorial-panzhihua.md``, writes what they print into the page, and draws its figure.

.venv/bin/python docs/tutorial/run_page.py
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import re
import shlex
import shutil
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent
PAGE = FOLDER.parent / "tutorial-panzhihua.md"
FIGURE = FOLDER / "bands.svg"
INPUTS = ("curve.csv", "cases.csv", "onsets.csv", "open.toml", "held.toml")
BLOCK = re.compile(r"```console\n(.*?)```\n", re.DOTALL)
TIMES = (
    (re.compile(r"\d+\.\d+ s \+ \d+\.\d+ s(, \d+ MiB, sha256 \w+)?"), "… s + … s"), (re.compile(r"(prepare|search|write) \d+\.\d+"), r"\1 …"),
)  # fmt: skip
ENSEMBLE = (
    "simulate --city city --scenario open.toml --against held.toml --days 80 --replicates 40 --seed 1 --workers 1 --keep runs --json"
)
Main = Callable[[Sequence[str]], int]
WIDTH, HEIGHT, LEFT, TOP, FOOT = 360, 240, 40, 34, 30
INK, GREY, OPEN, HELD = "#222222", "#8a8f98", "#b5482f", "#1f5fa8"


def run_page(page: str, folder: Path, main: Main) -> str:
    """The page with the outputs that its commands print in ``folder``, to which the inputs are copied."""
    for name in INPUTS:
        shutil.copy(FOLDER / name, folder)
    with working_in(folder):
        return BLOCK.sub(lambda block: _run_block(block[1], main), page)


@contextlib.contextmanager
def working_in(folder: Path) -> Iterator[None]:
    before = Path.cwd()
    os.chdir(folder)
    try:
        yield
    finally:
        os.chdir(before)


def _run_block(text: str, main: Main) -> str:
    commands = [line for line in text.splitlines() if line.startswith("$ ")]
    return "```console\n" + "".join(f"{line}\n{_printed(line[2:], main)}" for line in commands) + "```\n"


def _printed(line: str, main: Main) -> str:
    """What a line prints: ``tongchou WORDS`` or ``head`` and ``tail`` of a file, either cut by ``| head -N`` or ``| tail -N``."""
    command, *pipes = (shlex.split(part) for part in line.split("|"))
    if command[0] == "tongchou":
        lines = told(main, command[1:]).splitlines()
    else:
        lines = _cut(Path(command[2]).read_text(encoding="utf-8").splitlines(), command[:2])
    for pipe in pipes:
        lines = _cut(lines, pipe)
    shown = "".join(f"{one.rstrip()}\n" for one in lines)
    for times, instead in TIMES:
        shown = times.sub(instead, shown)
    return shown


def _cut(lines: list[str], words: Sequence[str]) -> list[str]:
    count = int(words[1].removeprefix("-"))
    return {"head": lines[:count], "tail": lines[-count:]}[words[0]]


def told(main: Main, words: Sequence[str]) -> str:
    """What a command prints. Raises RuntimeError where it fails."""
    out, errors = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(errors):
        code = main(list(words))
    if code:
        raise RuntimeError(f"tongchou {shlex.join(words)} ended with {code}: {errors.getvalue()}")
    return out.getvalue()


def draw(folder: Path, main: Main) -> str:
    """The figure, from what ``run_page`` left in ``folder``: the fit beside the curve, and the bands of the two scenarios."""
    with working_in(folder):
        bands = json.loads(told(main, ENSEMBLE.split()))["bands"]
        with Path("fit/days.csv").open(encoding="utf-8", newline="") as sheet:
            days = list(csv.DictReader(sheet))
    fitted = [[float(row[name]) for row in days] for name in ("low_90", "median", "high_90")]
    dots = [int(row["observed"]) for row in days]
    left = _Panel(0, len(days), 8, "Cases reported a day: dots observed, band fitted (90 %)")
    left.band(fitted[0], fitted[2], HELD)
    left.line(fitted[1], HELD)
    left.parts += [f'<circle cx="{left.across(day):.1f}" cy="{left.up(count):.1f}" r="2.2" fill="{INK}"/>' for day, count in enumerate(dots)]
    left.rule(sum(row["fitted"] == "True" for row in days) - 0.5, "held out")
    left.axes([(0, "22 Jan"), (19, "10 Feb"), (38, "29 Feb")], (0, 4, 8))
    series = {name.removesuffix(".toml"): told_bands["reports"] for name, told_bands in bands.items()}
    most = max(max(band[4]) for band in series.values())
    right = _Panel(WIDTH, 80, most, "Cases reported a day in 40 runs: median, 90 % of runs")
    for (name, band), colour, height in zip(series.items(), (OPEN, HELD), (0, 16), strict=True):
        right.band(band[0], band[4], colour)
        right.line(band[2], colour)
        right.parts.append(f'<text x="{WIDTH + LEFT + 16}" y="{TOP + 24 + height}" font-size="12" fill="{colour}">{name}</text>')
    right.rule(16, "24 Jan")
    right.axes([(0, "8 Jan"), (40, "17 Feb"), (79, "27 Mar")], (0, round(most / 2), round(most)))
    inside = "\n".join(left.parts + right.parts)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {2 * WIDTH} {HEIGHT}" width="{2 * WIDTH}" height="{HEIGHT}" font-family="sans-serif">\n'
        f'<rect width="100%" height="100%" fill="white"/>\n{inside}\n</svg>\n'
    )


class _Panel:
    """One chart of days across and cases up."""

    def __init__(self, offset: int, days: int, most: float, title: str) -> None:
        self.offset, self.days, self.most = offset, days, max(most, 1)
        self.parts = [f'<text x="{offset + LEFT}" y="18" font-size="12" fill="{INK}">{title}</text>']

    def across(self, day: float) -> float:
        return self.offset + LEFT + day / (self.days - 1) * (WIDTH - LEFT - 12)

    def up(self, cases: float) -> float:
        return HEIGHT - FOOT - min(cases, self.most) / self.most * (HEIGHT - TOP - FOOT)

    def _points(self, values: Sequence[float], days: Sequence[int]) -> str:
        return " ".join(f"{self.across(day):.1f},{self.up(values[day]):.1f}" for day in days)

    def band(self, low: Sequence[float], high: Sequence[float], colour: str) -> None:
        ahead, back = range(self.days), range(self.days - 1, -1, -1)
        self.parts.append(f'<polygon points="{self._points(low, ahead)} {self._points(high, back)}" fill="{colour}" opacity="0.2"/>')

    def line(self, values: Sequence[float], colour: str) -> None:
        self.parts.append(f'<polyline points="{self._points(values, range(self.days))}" fill="none" stroke="{colour}" stroke-width="2"/>')

    def rule(self, day: float, word: str) -> None:
        edge = self.across(day)
        self.parts.append(f'<line x1="{edge:.1f}" x2="{edge:.1f}" y1="{TOP}" y2="{HEIGHT - FOOT}" stroke="{GREY}" stroke-dasharray="4 3"/>')
        self.parts.append(f'<text x="{edge + 4:.1f}" y="{TOP + 4}" font-size="10" fill="{GREY}">{word}</text>')

    def axes(self, days: Sequence[tuple[int, str]], cases: Sequence[int]) -> None:
        for count in cases:
            self.parts.append(f'<text x="{self.offset + LEFT - 6}" y="{self.up(count) + 4:.1f}" text-anchor="end" font-size="10" fill="{INK}">{count}</text>')
        for day, word in days:
            place = "start" if day == 0 else "end" if day == self.days - 1 else "middle"
            self.parts.append(f'<text x="{self.across(day):.1f}" y="{HEIGHT - 12}" text-anchor="{place}" font-size="10" fill="{INK}">{word}</text>')


def write_page(main: Any) -> None:
    with tempfile.TemporaryDirectory(prefix="tongchou-tutorial-") as folder:
        PAGE.write_text(run_page(PAGE.read_text(encoding="utf-8"), Path(folder), main), encoding="utf-8")
        FIGURE.write_text(draw(Path(folder), main), encoding="utf-8")


if __name__ == "__main__":
    sys.path.insert(0, str(FOLDER.parents[1] / "src"))
    from tongchou.cli.__main__ import main as command  # the path above comes first

    write_page(command)
