"""The window of a case of the ledger, by the rule of its day, in the seconds of the visits."""

from datetime import date, datetime, timedelta, timezone

import pytest

from tongchou import citytime, rulebook
from tongchou.bridge.contact_windows import search_windows
from tongchou.engine.contacts import CaseDates, Visits, Window, find_contacts, read_window_rule, window_of_rule

from tests.bridge.real_february import report
from tests.outbreak.panzhihua import EAST

CHINA = timezone(timedelta(hours=8))


def seconds(*instant: int) -> int:
    return int(datetime(*instant, tzinfo=CHINA).timestamp())


def test_a_case_counts_from_two_days_before_onset_until_its_isolation(outbreak, posts):
    with citytime.standing_at(citytime.at_hour(date(2020, 2, 14), 16)):
        case = report(outbreak, EAST, date(2020, 2, 14), posts["HOSPITAL-1"])
        case.onset_on, case.isolated_on = date(2020, 2, 10), date(2020, 2, 13)
        (window,) = search_windows([case])
        assert (window.since, window.until) == (seconds(2020, 2, 8), seconds(2020, 2, 14))
        assert window.rule_version == "contact.window.v4"
        assert "2020-02-10" in window.reasons("zh")[0] and "2 days before onset" in window.reasons("en")[0]
        visits = Visits([1, 2, 3], [5, 5, 5], [seconds(2020, 2, 7, 23)] * 3, [seconds(2020, 2, 8, 1), seconds(2020, 2, 8), seconds(2020, 2, 8, 2)])
        assert find_contacts(visits, [1], window=Window(window.since, window.until)).contact.tolist() == [3]
        case.isolated_on = None
        (running,) = search_windows([case])
        assert running.until == seconds(2020, 2, 14, 16)


def test_a_case_without_dates_has_no_window_and_says_so(outbreak, posts):
    with citytime.standing_at(citytime.at_hour(date(2020, 2, 14), 16)):
        case = report(outbreak, EAST, date(2020, 2, 14), posts["HOSPITAL-1"])
        case.onset_on = case.sampled_on = None
        (window,) = search_windows([case])
    assert (window.since, window.until) == (None, None)
    assert [reason.code for reason in window.why] == ["window.no_anchor"]


@pytest.mark.django_db
def test_the_shipped_rules_of_the_window_can_be_followed():
    early = read_window_rule(rulebook.at(date(2020, 1, 25)).get("contact.window").value)
    assert (early.days_before, early.anchor, early.screened) == (0, "onset", False)
    assert window_of_rule(early, CaseDates(sampled_on=date(2020, 1, 24)), datetime(2020, 3, 1, 12)).since is None
    late = read_window_rule(rulebook.at(date(2022, 7, 1)).get("contact.window").value)
    assert (late.days_before, late.screened) == (2, True)
