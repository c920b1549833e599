"""The command line as a person and a program meet it."""

from __future__ import annotations

import argparse
import re
from pathlib import Path

import pytest

from tongchou import env
from tongchou.cli import __main__ as frame
from tongchou.cli import commands, manual, terminal

from tests.architecture.source import ROOT

CHINESE, ENGLISH = re.compile("[\u4e00-\u9fff]"), re.compile("[A-Za-z]{2}")
EVERY = commands.every()


def both(text: str | None) -> bool:
    return bool(text and CHINESE.search(text) and ENGLISH.search(text))


def walk(parser: argparse.ArgumentParser, words: str):
    """Every argument of a command and of the words under it."""
    for action in parser._actions:
        if isinstance(action, argparse._SubParsersAction):
            for word, (said, below) in manual.below(parser).items():
                yield f"{words} {word}", said
                yield from walk(below, f"{words} {word}")
        else:
            yield f"{words} {'/'.join(action.option_strings) or action.dest}", action.help


@pytest.mark.parametrize("name", sorted(EVERY))
def test_the_help_of_every_command_is_complete_in_both_languages(name: str):
    command = EVERY[name]
    assert CHINESE.search(command.zh) and ENGLISH.search(command.en) and not CHINESE.search(command.en)
    half = [where for where, said in walk(frame.parser_of(command), name) if not both(said)]
    assert half == []


@pytest.mark.parametrize("name", sorted(name for name, command in EVERY.items() if command.input))
def test_the_help_of_a_command_says_which_columns_it_reads(name: str):
    said = frame.parser_of(EVERY[name]).format_help()
    assert "输入文件的列 / columns of the files it reads:" in said
    assert all(f"  {column}" in said and meaning in said for column, meaning in EVERY[name].input.items())


def spoken_keys(keys: dict) -> list[str]:
    return [key for key, said in keys.items() if not (spoken_keys(said) == [] if isinstance(said, dict) else both(said))]


@pytest.mark.parametrize("name", sorted(EVERY))
def test_json_keys_are_explained_and_words_that_print_data_have_the_option(name: str):
    command = EVERY[name]
    assert spoken_keys(command.json) == [] and spoken_keys(command.input) == []
    under = manual.below(frame.parser_of(command))
    if any(isinstance(said, dict) for said in command.json.values()):
        assert set(command.json) <= set(under), "JSON names a word that the command does not have"
    for parser in [below for _, below in under.values()] or [frame.parser_of(command)]:
        assert ("--json" in parser._option_string_actions) == bool(command.json)


def test_the_page_about_commands_is_current():
    assert (ROOT / "docs" / "cli.md").read_text(encoding="utf-8") == manual.text(), "run: python3 tong.py manual"


def test_the_page_about_settings_is_current():
    page = (ROOT / "docs" / "operations.md").read_text(encoding="utf-8")
    assert page == manual.with_settings(page), "run: python3 tong.py manual"
    assert all(f"`{row.name}`" in page for row in env.SETTINGS)


def test_the_page_about_mechanisms_is_current():
    page = (ROOT / "docs" / "mechanisms.md").read_text(encoding="utf-8")
    assert page == manual.mechanisms_page(), "run: python3 tong.py manual"
    marked = {row for row, _, _ in manual.mechanisms(ROOT / "tests")}
    assert {"A02", "A08", "A25", "B01", "B11", "C01", "I13"} <= marked


def test_settings_are_read_from_one_table_only():
    named = set()
    for path in (ROOT / "src").rglob("*.py"):
        named |= set(re.findall(r"TONGCHOU_[A-Z_]+", path.read_text(encoding="utf-8")))
    assert named - {row.name for row in env.SETTINGS} <= {"TONGCHOU_REQUIRE", "TONGCHOU_TEST_DATABASE", "TONGCHOU_"}


@pytest.mark.parametrize("words", [[], ["--help"], ["-h"]])
def test_help_lists_every_command(words: list[str], capsys: pytest.CaptureFixture[str]):
    try:
        code = frame.main(words)
    except SystemExit as ended:
        code = ended.code
    said = capsys.readouterr().out
    assert code == 0
    assert all(re.search(rf"^\s+{re.escape(name)}\s", said, re.MULTILINE) for name in EVERY)


@pytest.mark.parametrize("words", [["nonsense"], ["messages", "--nonsense"], ["jobs"], ["jobs", "list", "--limit", "many"]])
def test_words_that_cannot_be_understood_end_with_2_in_both_languages(words: list[str], capsys: pytest.CaptureFixture[str]):
    assert frame.main(words) == 2
    said = capsys.readouterr().err.strip().splitlines()[-1]
    assert said.startswith("✗") and both(said)


def test_a_failure_ends_with_1_and_a_programming_error_is_not_hidden(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch):
    def refuse(words: list[str]) -> int:
        raise terminal.CommandError("磁盘已满", "the disk is full")

    def break_down(words: list[str]) -> int:
        raise ZeroDivisionError

    monkeypatch.setattr(frame, "run_command", refuse)
    assert frame.main([]) == 1
    assert capsys.readouterr().err == "✗ 磁盘已满 / the disk is full\n"
    monkeypatch.setattr(frame, "run_command", break_down)
    with pytest.raises(ZeroDivisionError):
        frame.main([])


def test_a_command_that_states_too_little_is_found(tmp_path):
    path = tmp_path / "half.py"
    path.write_text('NAME = "half"\nHELP_ZH = "一半"\n')
    with pytest.raises(commands.CommandIncomplete):
        commands.read(path)
    path.write_text("def f(): pass\n")
    assert commands.read(path) is None


def test_tables_line_up_under_chinese_and_latin_heads():
    lines = terminal.table(["区县", "level"], [["东区", "medium"], ["Yanbian", "低"]]).splitlines()
    starts = [terminal.shown_width(line[: line.rindex(word)]) for line, word in zip(lines, ("level", "medium", "低"), strict=True)]
    assert starts == [9, 9, 9]


def test_compiled_kernels_are_kept_where_the_program_may_write(monkeypatch, tmp_path):
    source, data = str(env.ROOT / "src" / "tongchou" / "engine"), tmp_path / "city"
    writable = {str(data)}
    monkeypatch.setattr(frame.os, "access", lambda path, mode: str(path) in writable)
    monkeypatch.setenv("TONGCHOU_DATA", str(data))
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    frame.keep_compiled_kernels()
    assert frame.os.environ["NUMBA_CACHE_DIR"] == str(data / "kernels")
    frame.os.environ["NUMBA_CACHE_DIR"] = "/chosen/by/the/operator"
    frame.keep_compiled_kernels()
    assert frame.os.environ["NUMBA_CACHE_DIR"] == "/chosen/by/the/operator"
    del frame.os.environ["NUMBA_CACHE_DIR"]
    writable.clear()  # neither folder: one of this run's own, which only this user can enter
    frame.keep_compiled_kernels()
    own = Path(frame.os.environ.pop("NUMBA_CACHE_DIR"))
    assert own.is_dir() and own.stat().st_mode & 0o077 == 0
    own.rmdir()
    writable.add(source)
    frame.keep_compiled_kernels()
    assert "NUMBA_CACHE_DIR" not in frame.os.environ
