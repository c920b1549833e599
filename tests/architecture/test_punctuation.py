"""Chinese text is set with the marks of Chinese: ， ； ： ？ ！ （ ）, never their half-width twins beside a Chinese character."""

from __future__ import annotations

import ast
import io
import re
import tokenize
from collections.abc import Iterator
from pathlib import Path

import polib
import pytest

from tests.architecture import source

HAN = "[\u4e00-\u9fff]"
HALF = re.compile(rf"{HAN}[,;:?!]|(?<=[^\s\"'])[,;:?!]\s*{HAN}|{HAN}\(|(?<![%\w])\({HAN}|{HAN}\)(?!\w)")
TAG = re.compile(r"\{%.*?%\}|\{\{.*?\}\}", re.S)
WORDS = re.compile(r"""\{%\s*trans(?:late)?\s+("[^"]*"|'[^']*')|_\(("[^"]*")\)""")
BLOCK = re.compile(r"\{%\s*blocktrans(?:late)?\b.*?%\}(.*?)\{%\s*endblocktrans(?:late)?\s*%\}", re.S)


def half_width(text: str) -> list[str]:
    """The places of a text where a half-width mark touches a Chinese character; 台账:编号 is how a scope is typed."""
    return [text[max(0, found.start() - 6) : found.end() + 6] for found in HALF.finditer(text.replace("台账:编号", ""))]


def of_python(text: str) -> Iterator[str]:
    """Strings that are no docstring and no pattern; what an f-string computes is left out."""
    docs = {
        node.value.lineno for node in ast.walk(ast.parse(text))
        if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str)
    }  # fmt: skip
    for token in tokenize.generate_tokens(io.StringIO(text).readline):
        prefix = re.match(r"[a-zA-Z]*", token.string).group().lower()  # type: ignore[union-attr]
        if token.type != tokenize.STRING or token.start[0] in docs or "r" in prefix:
            continue
        yield re.sub(r"\{[^{}]*\}", "{}", token.string) if "f" in prefix else token.string


def of_template(text: str) -> Iterator[str]:
    """The words of a page that are said in Chinese."""
    for one, other in WORDS.findall(text):
        yield one or other
    for block in BLOCK.findall(text):
        yield TAG.sub("{}", block)


def of_catalogue(path: Path) -> Iterator[str]:
    for entry in polib.pofile(str(source.ROOT / path)):
        yield from (entry.msgid, entry.msgid_plural)


READERS = {
    ".py": lambda path: of_python(source.text(path)), ".html": lambda path: of_template(source.text(path)),
    ".js": lambda path: re.findall(r"\"[^\"\n]*\"", source.text(path)), ".po": of_catalogue,
}  # fmt: skip


@pytest.mark.parametrize("suffix", list(READERS))
def test_chinese_text_has_chinese_marks(suffix: str):
    files = source.under("src", "demo", suffix=suffix)
    found = {str(path): wrong for path in files if (wrong := [part for text in READERS[suffix](path) for part in half_width(text)])}
    assert files
    assert found == {}, "write ，；：？！（） between Chinese characters (and the same in the msgid of the .po file)"


def test_the_finder_itself():
    assert half_width("先筛选,再导出") and half_width("提示:空") and half_width("时限(分钟)") and half_width("共 2 行;请看")
    assert half_width("默认 8000 / port, 8000") == half_width("先筛选，再导出（共 %(n)d 行）") == half_width("默认今天 / the day, today") == []
    assert list(of_python('"""说:明"""\nx = f"{a:全}后"\n')) == ['f"{}后"']
    assert list(of_template('{% translate "空:空" %}{% blocktranslate %}共 {{ n }},条{% endblocktranslate %}')) == ['"空:空"', "共 {},条"]
