"""Lists of members, and the one list of visits, seats and memberships."""

from __future__ import annotations

import pytest

from tongchou.engine.contacts import Visits, find_contacts
from tongchou.engine.contacts.errors import ContactError
from tongchou.engine.contacts.exposure_words import words_of_exposure
from tongchou.engine.contacts.exposures import GRADES, HUB, SEAT, VISIT, merge_exposures
from tongchou.engine.contacts.hubs import KINDS, NEUTRAL, HubRule, Hubs, find_hub_contacts
from tongchou.engine.contacts.seats import Seat, SeatMap, SeatRule, find_seat_contacts

DAY = 86_400
FAR = 10_000 * DAY
WINDOW = {1: (10 * DAY, 12 * DAY)}


def household(*rows: tuple[int, int, int, int], kind: str = "household") -> Hubs:
    return Hubs(kind, *([row[at] for row in rows] for at in range(4)))


def test_members_at_the_same_time_within_the_window():
    lists = household((1, 7, 0, FAR), (2, 7, 0, FAR), (3, 7, 0, 10 * DAY), (4, 7, 11 * DAY, FAR), (5, 8, 0, FAR))
    found = find_hub_contacts((lists,), WINDOW)
    assert [(one.contact, one.first, one.last, one.overlap_s) for one in found.exposures] == [
        (2, 10 * DAY, 12 * DAY, 0), (4, 11 * DAY, 12 * DAY, 0),
    ]  # fmt: skip
    assert found.exposures[0].reason.values["expected_s"] == 2 * 8 * 3600
    assert found.too_large == ()


@pytest.mark.parametrize("kind", KINDS)
def test_a_list_alone_stays_below_its_bound_and_can_be_said(kind: str):
    lists = household((1, 7, 0, FAR), (2, 7, 0, FAR), kind=kind)
    (one,) = find_hub_contacts((lists,), {1: (0, 5000 * DAY)}).exposures
    assert 0 < one.certainty == NEUTRAL[kind].at_most < 1
    for lang in ("zh", "en"):
        text = words_of_exposure(one.reason, lang)
        assert "7" in text and f"{round(NEUTRAL[kind].at_most * 100)}%" in text and "{" not in text


def test_a_hub_that_is_too_large_is_named_and_not_listed():
    crowd = household(*[(person, 7, 0, FAR) for person in range(1, 12)], kind="workplace")
    found = find_hub_contacts((crowd,), WINDOW, rules={"workplace": HubRule(3600, 0.5, 10)})
    assert found.exposures == () and found.too_large == (("workplace", 7, 11),)


def test_contacts_of_contacts_through_their_own_hubs():
    lists = household((2, 9, 0, FAR), (5, 9, 0, FAR), (1, 9, 0, FAR))
    found = find_hub_contacts((lists,), {2: (11 * DAY, 12 * DAY)}, generation=2, case_of={2: 1})
    assert [(one.case, one.contact, one.generation, one.reason.values["met"]) for one in found.exposures] == [(1, 5, 2, 2)]


def test_a_list_that_does_not_hold_is_refused():
    for rows, kind in (([(1, 7, 5, 4)], "household"), ([(1, 7, 0, 4)], "club")):
        with pytest.raises(ContactError) as refused:
            household(*rows, kind=kind)
        assert refused.value.code == "hubs"
    with pytest.raises(ContactError):
        HubRule(3600, 1.5, 10)


def merged():
    """1 is the case. 2 met it in a shop and lives with it, 3 lives with it, 4 sat beside it, 5 met 2 and 3 later, 6 met 2."""
    visits = Visits(
        person=[1, 2, 2, 5, 6, 2, 3, 2],
        place=[50, 50, 51, 51, 51, 52, 52, 51],
        start=[10 * DAY, 10 * DAY, 11 * DAY, 11 * DAY, 11 * DAY, 11 * DAY + 7200, 11 * DAY + 7200, 11 * DAY + 3600],
        end=[10 * DAY + 900, 10 * DAY + 900, 11 * DAY + 600, 11 * DAY + 600, 11 * DAY + 300, 11 * DAY + 7500, 11 * DAY + 7500, 11 * DAY + 3700],
    )
    found = find_contacts(visits, [1], window=(10 * DAY, 12 * DAY), generations=2)
    lists = household((1, 7, 0, FAR), (2, 7, 0, FAR), (3, 7, 0, FAR))
    trip = SeatMap("K1", (Seat(1, 10 * DAY, 10 * DAY + 3600, row=1), Seat(4, 10 * DAY, 10 * DAY + 3600, row=2)))
    seats = find_seat_contacts([trip], WINDOW, SeatRule("seat.aircraft", "1", "rows", "all", "general", 3))
    hubs = find_hub_contacts((lists,), WINDOW).exposures
    return found, [*seats, *hubs], merge_exposures(found, [*seats, *hubs], [1])


def test_one_list_of_all_evidence():
    found, exposures, one = merged()
    rows = [(int(g), int(c), int(e), GRADES[d]) for g, c, e, d in zip(one.generation, one.contact, one.evidence, one.grade, strict=True)]
    assert rows == [
        (1, 2, VISIT | HUB, "close"), (1, 3, HUB, "close"), (1, 4, SEAT, "close"), (2, 5, VISIT, "close"), (2, 6, VISIT, "close"),
    ]  # fmt: skip
    # 3 was a second generation by visits (met 2 at place 52) and is a first one by the household list.
    assert one.dropped == 1 and (found.contact[found.generation == 2] == 3).any()
    assert one.overlap_s.tolist() == [900, 0, 3600, 600, 300]
    visit, hub = 1 - 2 ** (-900 / 900), NEUTRAL["household"].at_most
    assert one.certainty[0] == pytest.approx(1 - (1 - visit) * (1 - hub), abs=1e-6)
    assert not one.is_case.any()
    assert one.ranked()[0] == 0


def test_every_row_says_why_in_both_languages():
    _found, _exposures, one = merged()
    codes = [[reason.code for reason in one.why(row)] for row in range(len(one))]
    assert codes[0] == ["contact.generation_1", "contact.meeting", "hub.household"]
    assert codes[1:3] == [["hub.household"], ["seat.rows"]]
    for row in range(len(one)):
        for lang in ("zh", "en"):
            assert all(words_of_exposure(reason, lang) for reason in one.why(row))


def test_merging_nothing_is_nothing():
    none = find_contacts(Visits([1], [2], [0], [60]), [1], window=(0, 100), generations=2)
    assert len(merge_exposures(none, [], [1])) == 0
