"""``tongchou messages``: compile every room's catalogue of English sentences."""

from __future__ import annotations

import argparse
import os
from pathlib import Path

import polib

NAME = "messages"
HELP_ZH = "编译各房间的英文词条（.po 到 .mo）"
HELP_EN = "compile every room's English catalogue (.po to .mo)"
DJANGO = False
JSON = {"compiled": "编译了的文件数 / catalogues compiled", "current": "已是最新的文件数 / catalogues already up to date"}

PACKAGE = Path(__file__).resolve().parents[1]


def catalogues() -> list[Path]:
    """Every ``.po`` of the product, the rooms' in order of their names."""
    return sorted(PACKAGE.glob("**/locale/*/LC_MESSAGES/*.po"))


def compile_catalogues() -> tuple[int, int]:
    """Compile what is newer than its compiled form; (compiled, already current).

    The new file replaces the old one in one step, so a server that starts meanwhile reads one or the other.
    """
    compiled = current = 0
    for source in catalogues():
        target = source.with_suffix(".mo")
        if target.exists() and target.stat().st_mtime_ns > source.stat().st_mtime_ns:
            current += 1
            continue
        half = target.with_name(f"{target.name}.{os.getpid()}")
        polib.pofile(str(source)).save_as_mofile(str(half))
        half.replace(target)
        compiled += 1
    return compiled, current


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Nothing to choose: what is current is left alone."""


def run(args: argparse.Namespace) -> int:
    compiled, current = compile_catalogues()
    args.say({"compiled": compiled, "current": current}, f"编译 {compiled}，最新 {current} / compiled {compiled}, current {current}")
    return 0
