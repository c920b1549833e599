"""Townships and villages merge, split and change names; what was counted is told again under any day's divisions."""

from datetime import date
from fractions import Fraction

import pytest

from tongchou import areas, audit, citytime
from tongchou.areas.actions.reform import Part, merge_areas, rename_area, split_area
from tongchou.areas.models import Area, AreaSuccession

from tests.areas.small_city import CLERK

EVE, DAY, LATER = date(2020, 2, 29), date(2020, 3, 1), date(2020, 6, 1)
STREET, TOWN = "510402001", "510402002"


def merge(**more):
    return merge_areas(**({"from_paths": [TOWN, STREET], "to": STREET, "on": DAY, "by": CLERK} | more))


def test_a_town_merges_into_its_neighbour_and_its_villages_get_codes_there(small_city):
    result = merge()
    assert result.ended == ("510402002001", "510402002002", TOWN)
    # 001 and 002 are taken by the street's own villages, 003 too: the next free numbers of the same hundred follow.
    assert result.began == ("510402001004", "510402001005")
    assert areas.find(TOWN, EVE).name == "桥头镇" and areas.find(TOWN, DAY) is None
    assert [child.name for child in areas.children(STREET, DAY)] == ["一村", "二村", "三村", "甲村", "乙村"]
    assert [child.name for child in areas.children(STREET, EVE)] == ["一村", "二村", "三村"]
    assert areas.successors(TOWN, DAY) == {STREET: 1}
    assert areas.successors("510402002002", LATER) == {"510402001005": 1}
    assert areas.successors(TOWN, EVE) == {TOWN: 1}


def test_the_same_merger_said_twice_changes_nothing(small_city):
    merge()
    rows = Area.objects.count(), AreaSuccession.objects.count(), audit.verify().rows
    assert merge().unchanged
    assert (Area.objects.count(), AreaSuccession.objects.count(), audit.verify().rows) == rows
    assert audit.verify().sound


def test_the_merger_and_every_end_and_beginning_are_in_the_audit(small_city):
    merge(note="试验用的撤并")
    [ended] = Area.objects.filter(path=TOWN)
    lines = list(audit.timeline("area", str(ended.id)))
    assert [line.action for line in lines] == ["area.merge", "area.end", "area.create"]
    assert lines[0].changes == {
        "510402002>510402001": ["", "1"],
        "510402002001>510402001004": ["", "1"],
        "510402002002>510402001005": ["", "1"],
    }
    assert (lines[0].post, lines[0].note) == (CLERK.post, "试验用的撤并")


def test_a_merger_into_a_new_code_takes_announced_codes_for_the_villages(small_city):
    announced = {"510402002001": "510402003021", "510402002002": "510402003022"}
    merge(to="510402003000", name="新港街道", children=announced)
    assert areas.find(STREET, DAY) is None
    assert areas.full_name("510402003021", DAY) == "试验市东山区新港街道甲村"
    assert areas.full_name("510402003001", DAY) == "试验市东山区新港街道一村"


def test_figures_of_a_past_day_stand_under_old_and_new_divisions(small_city):
    merge()
    counted = {"510402001001": 3, "510402001002": 4, "510402002001": 5, "510402002002": 6, "510403001001": 7}
    assert areas.reaggregate(counted, on=EVE, level="township") == {STREET: 7, TOWN: 11, "510403001": 7}
    assert areas.reaggregate(counted, on=DAY, level="township") == {STREET: 18, "510403001": 7}
    assert areas.reaggregate({STREET: 7, TOWN: 11}, on=DAY) == {STREET: 18}
    # Figures written after the merger go back village by village, for every village moved whole.
    after = {"510402001001": 1, "510402001004": 2, "510402001005": 4}
    assert areas.reaggregate(after, on=EVE, level="township") == {STREET: 1, TOWN: 6}


def test_merged_figures_go_back_only_by_recorded_populations(small_city):
    merge()
    with pytest.raises(areas.AreaError) as caught:
        areas.reaggregate({STREET: 10}, on=EVE, counted_on=DAY)
    assert caught.value.code == "no_way_back"
    assert areas.reaggregate({STREET: 10}, on=EVE, counted_on=EVE) == {STREET: 10}


def test_populations_of_a_merger_lead_back(small_city):
    merge(populations={STREET: 30_000, TOWN: 10_000})
    assert areas.reaggregate({STREET: 10}, on=EVE, counted_on=LATER) == {STREET: 8, TOWN: 2}
    assert areas.predecessors(STREET, EVE, LATER) == {STREET: Fraction(3, 4), TOWN: Fraction(1, 4)}


def test_a_scope_after_the_merger_reaches_rows_written_before_it(small_city):
    low_rows = Area.objects.filter(areas.within("path", STREET)).values_list("path", flat=True)
    assert TOWN not in low_rows
    merge()
    with citytime.standing_at(citytime.day_start(DAY)):
        seen = set(Area.objects.filter(areas.within("path", STREET)).values_list("path", flat=True))
        assert {STREET, TOWN, "510402002001", "510402001004"} <= seen
        assert areas.holds(STREET, TOWN) and areas.holds(STREET, "510402002001") and areas.holds(STREET, "510402001004")
        assert not areas.holds(STREET, "510402") and not areas.holds(STREET, "510403001")
        only_now = Area.objects.filter(areas.within("path", STREET, history=False))
        assert TOWN not in only_now.values_list("path", flat=True)
    with citytime.standing_at(citytime.day_start(EVE)):  # entered ahead of its day, a merger widens nobody's sight
        assert not areas.holds(STREET, TOWN)
        assert TOWN not in set(Area.objects.filter(areas.within("path", STREET)).values_list("path", flat=True))


def test_a_village_is_cut_in_two_by_population_and_whole_people_are_kept(small_city):
    parts = [Part("510402001001", "一村", population=700), Part("510402001009", "新一村", population=300)]
    split_area(path="510402001001", into=parts, on=DAY, by=CLERK)
    assert areas.successors("510402001001", DAY) == {"510402001001": Fraction(7, 10), "510402001009": Fraction(3, 10)}
    told = areas.reaggregate({"510402001001": 5}, on=DAY, counted_on=EVE)
    assert told == {"510402001001": 4, "510402001009": 1}  # 3.5 and 1.5: the tie goes to the larger share
    assert areas.reaggregate({"510402001001": 5}, on=DAY) == {"510402001001": 5}  # written after the cut
    assert areas.reaggregate({"510402001009": 2, "510402001001": 3}, on=EVE, counted_on=DAY) == {"510402001001": 5}
    assert split_area(path="510402001001", into=parts, on=DAY, by=CLERK).unchanged
    # Nobody's whole successor: rows written for the cut village stay with it, not with the new one.
    with citytime.standing_at(citytime.day_start(LATER)):
        assert "510402001001" not in Area.objects.filter(areas.within("path", "510402001009")).values_list(
            "path", flat=True
        )


def test_a_township_is_cut_and_every_village_goes_where_it_is_said(small_city):
    parts = [
        Part("510403002", population=600, children=("510403002201",)),
        Part("510403003", "北林乡", population=400, children=("510403002202", "510403002203")),
    ]
    split_area(path="510403002", into=parts, on=DAY, by=CLERK)
    assert [row.path for row in areas.below("510403", DAY, "village")][-3:] == [
        "510403002201", "510403003202", "510403003203",
    ]  # fmt: skip
    assert areas.full_name("510403003203", DAY) == "试验市西山区北林乡中村"
    assert areas.reaggregate({"510403002203": 9, "510403002": 10}, on=DAY, counted_on=EVE, level="township") == {
        "510403002": 6, "510403003": 13,
    }  # fmt: skip


def test_a_name_changes_on_a_day_and_goes_on_from_there(small_city):
    assert rename_area(path=TOWN, name="桥南镇", on=DAY, by=CLERK).began == (TOWN,)
    assert (areas.name_of(TOWN, EVE), areas.name_of(TOWN, DAY)) == ("桥头镇", "桥南镇")
    assert rename_area(path=TOWN, name=" 桥南镇 ", on=DAY, by=CLERK).unchanged
    assert areas.successors(TOWN, LATER) == {TOWN: 1}
    merge(on=LATER)
    assert areas.successors(TOWN, LATER) == {STREET: 1}
    assert areas.name_of(TOWN, LATER) == "桥南镇"


REFUSED = [
    (lambda: merge(from_paths=[STREET]), "nothing_to_merge"),
    (lambda: merge(from_paths=["510402009"]), "not_standing"),
    (lambda: merge(to="510402001001"), "level_mismatch"),
    (lambda: merge(to="510402009"), "name_missing"),
    (lambda: merge(to="510404001", name="无主镇"), "parent_unknown"),
    (lambda: merge(on=date(2018, 1, 1)), "not_standing"),
    (lambda: merge(populations={STREET: 1}), "populations"),
    (lambda: merge(populations={STREET: 1, TOWN: -1}), "populations"),
    (lambda: merge(children={"510402002001": "510402001001"}), "child_code"),
    (lambda: merge(children={"510402002001": "510403001009"}), "child_code"),
    (lambda: merge(from_paths=["51040X"]), "code_not_digits"),
    (lambda: rename_area(path=TOWN, name=" ", on=DAY, by=CLERK), "name_missing"),
    (lambda: split_area(path=TOWN, into=[Part(TOWN, share=1)], on=DAY, by=CLERK), "split_parts"),
    (lambda: split_area(path=TOWN, into=[Part(TOWN), Part("510402003", "甲")], on=DAY, by=CLERK), "split_shares"),
    (
        lambda: split_area(
            path=TOWN, into=[Part(TOWN, share=Fraction(1, 2)), Part("510402003", "甲", share=Fraction(1, 3))],
            on=DAY, by=CLERK,
        ),
        "split_shares",
    ),
    (
        lambda: split_area(
            path=TOWN, into=[Part(TOWN, population=1), Part("510402003", "甲", population=1)], on=DAY, by=CLERK
        ),
        "split_unclaimed",
    ),
    (
        lambda: split_area(
            path=TOWN, on=DAY, by=CLERK,
            into=[Part(TOWN, population=1), Part("510402003", "甲", population=1, children=("510402001001",))],
        ),
        "split_child",
    ),
]  # fmt: skip


@pytest.mark.parametrize(("reform", "code"), REFUSED, ids=[f"{code}-{n}" for n, (_, code) in enumerate(REFUSED)])
def test_an_impossible_reform_is_refused_and_leaves_nothing(small_city, reform, code):
    before = list(Area.objects.values_list()), audit.verify().rows
    with pytest.raises(areas.AreaError) as caught:
        reform()
    assert caught.value.code == code
    assert any("\u4e00" <= letter <= "\u9fff" for letter in caught.value.zh) and caught.value.en
    assert (list(Area.objects.values_list()), audit.verify().rows) == before
    assert not AreaSuccession.objects.exists()


def test_reforms_go_in_the_order_of_their_days_and_codes_are_not_used_again(small_city):
    merge(on=LATER)
    with pytest.raises(areas.AreaError) as caught:
        rename_area(path=STREET + "004", name="丙村", on=DAY, by=CLERK)
    assert caught.value.code == "not_standing"
    with pytest.raises(areas.AreaError) as caught:
        merge_areas(from_paths=["510403001"], to=TOWN, name="旧代码镇", on=date(2021, 1, 1), by=CLERK)
    assert caught.value.code == "code_used"
    with pytest.raises(areas.AreaError) as caught:
        merge_areas(from_paths=[TOWN], to="510403001", on=DAY, by=CLERK)
    assert caught.value.code == "later_change"
