"""``python -m demo.extract [--check]``: write every fact file anew, or say which differ from what is shipped."""

from __future__ import annotations

import argparse
import sys

from demo.extract import census_county, city_census, daily_official, divisions
from demo.extract.sources import FACTS, ROOT, NoSource, data_folder

EXTRACTS = {
    "divisions.csv": divisions.build,
    "census_county.csv": census_county.build,
    "daily_official.csv": daily_official.build,
}
CENSUS = ROOT / "src" / "tongchou" / "store" / "census"
TARGETS = {**{FACTS / name: build for name, build in EXTRACTS.items()}, CENSUS / "counties_2020.csv": city_census.build}


def main(words: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m demo.extract", description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing; exit 1 where a file would change")
    check = parser.parse_args(words).check
    try:
        data = data_folder()
    except NoSource as reason:
        sys.stderr.write(f"{reason}\n")
        return 1
    changed = 0
    for target, build in TARGETS.items():
        text = build(data)
        same = target.exists() and target.read_text(encoding="utf-8") == text
        changed += not same
        if not check:
            target.write_text(text, encoding="utf-8", newline="\n")
        sys.stdout.write(f"{target.name}: {text.count(chr(10)) - 1} rows, {'same' if same else 'changed'}\n")
    return 1 if check and changed else 0


if __name__ == "__main__":
    sys.exit(main())
