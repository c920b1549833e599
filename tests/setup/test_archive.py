"""The container of a backup: what went in comes out, and nothing else ever does."""

from __future__ import annotations

import io
import stat
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.cli import archive

KEY = bytes(range(32))


def sealed(content: bytes, secret: archive.Secret = KEY) -> bytes:
    target = io.BytesIO()
    with archive.Writer(target, secret) as writer:
        writer.write(content)
    return target.getvalue()


def opened(whole: bytes, secret: archive.Secret = KEY) -> bytes:
    return archive.Reader(io.BytesIO(whole), lambda kind: secret).read()


@pytest.mark.parametrize("size", [0, 1, archive.PIECE - 1, archive.PIECE, archive.PIECE + 1, 3 * archive.PIECE])
def test_every_length_comes_back(size: int):
    content = bytes(i % 251 for i in range(1000)) * (size // 1000 + 1)
    whole = sealed(content[:size])
    assert opened(whole) == content[:size]
    assert content[:size][:64] not in whole or size < 8


@settings(max_examples=60, deadline=None)
@given(st.data())
def test_any_changed_byte_is_refused(data: st.DataObject):
    whole = bytearray(sealed(b"ledger " * 300))
    place = data.draw(st.integers(0, len(whole) - 1))
    whole[place] ^= data.draw(st.integers(1, 255))
    with pytest.raises(archive.ArchiveError):
        opened(bytes(whole))


def test_a_piece_cut_off_swapped_or_repeated_is_refused():
    content = b"a" * archive.PIECE + b"b" * archive.PIECE + b"c" * 10
    whole = sealed(content)
    step = archive.PIECE + archive.TAG
    start = len(whole) - (2 * step + 10 + archive.TAG)
    head, first, second, last = whole[:start], whole[start : start + step], whole[start + step : start + 2 * step], whole[start + 2 * step :]
    assert opened(head + first + second + last) == content
    for changed in (head + first + second, head + second + first + last, head + first + first + second + last, head + first + last, head):
        with pytest.raises(archive.ArchiveError):
            opened(changed)


def test_pieces_of_another_archive_with_the_same_key_are_refused():
    mine, other = sealed(b"x" * 50), sealed(b"y" * 50)
    start = len(mine) - 50 - archive.TAG
    with pytest.raises(archive.ArchiveError):
        opened(mine[:start] + other[start:])


def test_another_key_or_passphrase_does_not_open_it():
    with pytest.raises(archive.ArchiveError) as refused:
        opened(sealed(b"city"), bytes(32))
    assert "密钥不对" in refused.value.zh and "key" in refused.value.en
    phrase = sealed(b"city", "correct horse battery")
    assert opened(phrase, "correct horse battery") == b"city"
    with pytest.raises(archive.ArchiveError):
        opened(phrase, "correct horse batterz")


def test_a_header_cannot_ask_for_endless_work():
    whole = sealed(b"city", "correct horse battery").replace(b'"n": 32768', b'"n": 9999999')
    with pytest.raises(archive.ArchiveError):
        opened(whole, "correct horse battery")


def test_a_key_file_is_made_once_and_private(tmp_path: Path):
    path = tmp_path / "sub" / "city.backup-key"
    first = archive.read_key_file(path, make=True)
    assert len(first) == 32 and archive.read_key_file(path, make=True) == first == archive.read_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    path.write_text("not a key")
    with pytest.raises(archive.ArchiveError):
        archive.read_key_file(path)
    with pytest.raises(archive.ArchiveError):
        archive.read_key_file(tmp_path / "missing")
