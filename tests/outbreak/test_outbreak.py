"""An outbreak opens with the four ones filled and closes when nobody is ill."""

from datetime import date

import pytest

from tongchou import audit
from tongchou.outbreak.actions.case import report_case
from tongchou.outbreak.actions.outbreak import close_outbreak, draft_outbreak, open_outbreak
from tongchou.refusal import Refusal, Refusals

from tests.outbreak.panzhihua import CITY, EAST, VILLAGES, at, build_outbreak


@pytest.mark.parametrize("missing", ["lead_post", "task_force", "plan", "voice_post"])
def test_it_cannot_be_opened_while_one_of_the_four_ones_is_empty(posts, missing):
    with pytest.raises(Refusals) as refused:
        build_outbreak(**{missing: " "})
    assert [part.field for part in refused.value.parts] == [missing]
    assert "四个一" in refused.value.zh and "four ones" in refused.value.en


def test_opening_is_in_the_trail_and_a_second_of_the_same_disease_is_refused(posts, outbreak):
    assert (outbreak.status, outbreak.opened_on) == ("open", date(2020, 2, 14))
    assert [line.action for line in audit.timeline("outbreak", outbreak.id)] == ["open", "create"]
    again = draft_outbreak(
        code="CV2",
        name="again",
        disease="covid-19",
        area_path=CITY,
        begins_on=date(2020, 1, 1),
        lead_post="a",
        task_force="b",
        plan="c",
        voice_post="d",
        by=posts["COMMAND-5104"],
    )
    with pytest.raises(Refusal) as refused:
        open_outbreak(outbreak=again, by=posts["COMMAND-5104"])
    assert refused.value.code == "already_open"


def test_it_stays_open_while_a_case_is_ill(posts, outbreak):
    report_case(outbreak=outbreak, residence_path=VILLAGES[EAST], found_at=at(2, 14, 9), by=posts["HOSPITAL-1"])
    with pytest.raises(Refusal) as refused:
        close_outbreak(outbreak=outbreak, by=posts["COMMAND-5104"])
    assert "1 例" in refused.value.zh
