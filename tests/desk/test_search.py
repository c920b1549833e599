"""One box: by name, ID number, phone and task number, inside the post's scope, masked, and in the trail."""

from __future__ import annotations

import pytest

from tongchou.access.actor import SYSTEM
from tongchou.audit.models import Entry
from tongchou.ledger import registry, write

from tests.cast import VILLAGE, WEST_VILLAGE
from tests.people.conftest import number

ID_NO = number()


def register(name, area, **text):
    ledger = registry.get("person")
    values = write.clean_row(ledger, {"name": name, "area_path": area, **text}, SYSTEM)
    return write.create_rows(ledger, [values], by=SYSTEM)[0]


@pytest.fixture
def people(cast):
    register("赵一一", VILLAGE, phone="13800000001", id_no=ID_NO)
    register("赵二二", WEST_VILLAGE, phone="13800000002")


def found(cast, who, text):
    answer = cast.client(who).post("/search/", {"q": text})
    assert answer.status_code == 200
    return answer.content.decode()


@pytest.mark.parametrize("text", ["赵", ID_NO, "13800000001", "+8613800000001"])
def test_a_person_is_found_inside_the_scope(cast, people, text):
    page = found(cast, "cdc_east", text)
    assert page.count("<tbody><tr>") == 1
    assert ID_NO not in page.replace(f'value="{ID_NO}"', "")  # masked: no purpose was stated


@pytest.mark.parametrize("text", ["赵", ID_NO, "13800000001"])
def test_outside_the_scope_only_one_s_own_are_found(cast, people, text):
    page = found(cast, "cdc_west", text)
    assert ID_NO not in page.replace(f'value="{ID_NO}"', "")
    assert ("没有找到" in page) == (text != "赵")


def test_what_was_found_is_one_line_of_the_trail(cast, people):
    found(cast, "cdc_east", "赵")
    lines = Entry.objects.filter(ledger="person", action="list", note="search")
    assert [(line.user, line.count) for line in lines] == [(str(cast.users["cdc_east"].pk), 1)]


def test_a_task_is_found_by_its_number(cast, open_task_for):
    task = open_task_for("grid", "核查出入登记")
    assert "核查出入登记" in found(cast, "east", task.number)


def test_nothing_asked_and_nothing_found_are_told_apart(cast):
    assert "没有找到" not in found(cast, "cdc_east", "")
    assert "没有找到" in found(cast, "cdc_east", "无此人")


def test_markup_in_the_question_stays_text(cast):
    page = found(cast, "cdc_east", "<script>x</script>")
    assert "<script>x" not in page
    assert "&lt;script&gt;x" in page
