"""The window of a case of the ledger, by the rule of its day, in the seconds of the visits."""

from datetime import date, datetime, timedelta, timezone

from tongchou import citytime
from tongchou.bridge.contact_windows import search_windows
from tongchou.engine.contacts import Visits, Window, find_contacts

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
