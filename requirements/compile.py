#!/usr/bin/env python3
"""Recompile the hash-pinned requirement files from the ``*.in`` files of this folder.

    python3 requirements/compile.py            # uv must be on PATH or in the environment that runs this
    python3 requirements/compile.py --upgrade  # take newer versions

Each ``requirements*.txt`` in the repository's root is made here and never edited by hand. The files hold no
address: pip takes packages from whatever registry the machine is set up for, and the hashes say which bytes count.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

FOLDER = Path(__file__).resolve().parent
ROOT = FOLDER.parent
FILES = {
    "base": "requirements.txt", "dev": "requirements-dev.txt", "node": "requirements-node.txt",
    "scale": "requirements-scale.txt", "bench": "requirements-bench.txt",
}


def uv() -> str:
    beside = Path(sys.executable).parent / "uv"
    found = str(beside) if beside.exists() else shutil.which("uv")
    if not found:
        raise SystemExit("找不到 uv:请先安装 uv / uv was not found: install uv first")
    return found


def compile_one(name: str, extra: list[str]) -> None:
    """Write the pinned file of one ``.in``; every file but the base is held to the base's versions."""
    held = ["--constraints", "requirements.txt"] if name != "base" else []
    subprocess.run(
        [
            uv(), "pip", "compile", f"requirements/{name}.in", "--output-file", FILES[name], *held,
            "--universal", "--python-version", "3.11", "--generate-hashes",
            "--no-emit-index-url", "--no-emit-find-links", "--no-annotate", "--quiet",
            "--custom-compile-command", "python3 requirements/compile.py", *extra,
        ],
        cwd=ROOT,
        check=True,
    )


if __name__ == "__main__":
    for each in FILES:
        compile_one(each, sys.argv[1:])
        lines = (ROOT / FILES[each]).read_text().splitlines()
        print(f"{FILES[each]}: {sum(line.startswith('    --hash') for line in lines)} hashes")
