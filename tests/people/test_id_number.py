"""The identity number: what passes, what is refused and why. Examples by hand and by chance."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.people import id_number, phone
from tongchou.people.id_number import BadIdNumber

ON = date(2020, 2, 14)


def test_the_standard_s_own_example_passes():
    """GB 11643-1999 gives 11010519491231002X; shared/domain-rules.md section 11 checked it."""
    number = id_number.read("11010519491231002x", on=ON)
    assert (number.text, number.division, number.born_on, number.sex) == (
        "11010519491231002X", "110105", date(1949, 12, 31), "female",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("text", "code", "zh", "en"),
    [
        ("1.10101E+17", "id_damaged", "科学计数", "spreadsheet"),
        ("1.10105194912310e17", "id_damaged", "科学计数", "spreadsheet"),
        ("110105194912310000", "id_damaged", "截断", "cut"),
        ("110105491231002", "id_first_generation", "15位旧号", "18-digit"),
        ("11010519491231002", "id_length", "17位", "17"),
        ("11010519491231002A", "id_characters", "X", "X"),
        ("１１０１０５１９４９１２３１００２X", "id_characters", "X", "X"),
        ("110105194902300021", "id_birth_impossible", "1949-02-30", "1949-02-30"),
        ("110105202002150023", "id_birth_future", "2020-02-15", "2020-02-15"),
        ("110105185012310025", "id_birth_past", "1880", "1880"),
        ("990105194912310021", "id_division", "99", "99"),
        ("110105194912310021", "id_check_digit", "校验位", "check digit"),
    ],
)
def test_a_wrong_number_is_refused_with_what_to_do(text: str, code: str, zh: str, en: str):
    with pytest.raises(BadIdNumber) as refused:
        id_number.read(text, on=ON)
    assert refused.value.code == code
    assert zh in refused.value.zh and en in refused.value.en


def test_a_number_cell_is_refused_before_its_digits_are_trusted():
    with pytest.raises(BadIdNumber) as refused:
        id_number.read(110105194912310020, on=ON)  # type: ignore[arg-type]
    assert refused.value.code == "id_not_text"


@settings(max_examples=60, deadline=None)
@given(st.dates(date(1930, 1, 1), ON), st.integers(0, 999), st.integers(0, 16), st.integers(1, 9))
def test_one_wrong_digit_never_passes_as_the_same_number(born: date, sequence: int, position: int, shift: int):
    first = f"510402{born:%Y%m%d}{sequence:03d}"
    whole = first + id_number.check_character(first)
    assert id_number.read(whole, on=ON).born_on == born
    wrong = whole[:position] + str((int(whole[position]) + shift) % 10) + whole[position + 1 :]
    with pytest.raises(BadIdNumber):
        id_number.read(wrong, on=ON)


def test_phones_are_read_in_every_usual_writing():
    assert {phone.read(text) for text in ("15400000001", "154 0000 0001", "+86-154-0000-0001", "008615400000001")} == {"15400000001"}
    assert phone.read("0812-3331234") == "08123331234"
    with pytest.raises(phone.BadPhone) as refused:
        phone.read("33312")
    assert "区号" in refused.value.zh and "area code" in refused.value.en
