"""Four responsible parties of an object and its linked leaders: one post each at a time, gaps named, reach of a leader."""

from datetime import date, timedelta

import pytest

from tongchou.access.actions import responsibility as responsibilities
from tongchou.access.errors import AccessError
from tongchou.access.models import Responsibility
from tongchou.access.queries.parties import parties_of
from tongchou.ledger import registry, write
from tongchou.refusal import Refusal

from tests.access.rows import make_row
from tests.cast import VILLAGE

DAY = date(2020, 2, 14)


@pytest.fixture
def place(cast):
    return make_row(registry.get("place"), VILLAGE)


def assign(cast, place, party, post, on=DAY):
    return responsibilities.assign_responsibility(
        ledger="place", object_id=str(place.pk), party=party, post=cast.posts[post], from_on=on, by=cast.actor("office")
    )


def test_gaps_are_named_until_four_posts_stand(cast, place):
    assert parties_of("place", place.pk, DAY).missing == ("territory", "department", "employer", "individual")
    for party, post in (("territory", "street"), ("department", "department"), ("employer", "enterprise")):
        assign(cast, place, party, post)
    found = parties_of("place", place.pk, DAY)
    assert found.missing == ("individual",)
    assert found.named["territory"] == cast.posts["street"]
    assert parties_of("place", place.pk, DAY - timedelta(days=1)).missing[0] == "territory"


def test_a_new_post_takes_over_the_day_it_is_named(cast, place):
    first = assign(cast, place, "territory", "street")
    assign(cast, place, "territory", "secretary", DAY + timedelta(days=5))
    first.refresh_from_db()
    assert first.to_on == DAY + timedelta(days=4)
    assert parties_of("place", place.pk, DAY + timedelta(days=4)).named["territory"] == cast.posts["street"]
    assert parties_of("place", place.pk, DAY + timedelta(days=5)).named["territory"] == cast.posts["secretary"]


def test_a_leader_sees_the_places_linked_to_her_and_no_other(cast, place):
    other = make_row(registry.get("place"), VILLAGE)
    post = cast.posts["leader"]
    post.scope_kind = "object"
    post.save()
    link = assign(cast, place, "leader", "leader")
    client = cast.client("leader")
    assert client.get(f"/ledger/place/{place.pk}/").status_code == 200
    assert client.get(f"/ledger/place/{other.pk}/").status_code == 404
    responsibilities.end_responsibility(responsibility=link, on=DAY, by=cast.actor("office"))
    assert client.get(f"/ledger/place/{place.pk}/").status_code == 404


def test_who_may_not_name_is_refused(cast, place):
    with pytest.raises(AccessError):
        responsibilities.assign_responsibility(
            ledger="place", object_id=str(place.pk), party="territory", post=cast.posts["street"], by=cast.actor("grid")
        )
    with pytest.raises(AccessError, match="责任方"):
        assign(cast, place, "neighbour", "street")
    assert not Responsibility.objects.exists()


def test_a_sheet_names_only_objects_that_are_there(cast, place):
    ledger, by = registry.get("responsibility"), cast.actor("office")
    raw = {"ledger": "place", "object_id": str(place.pk), "party": "territory", "post": "STREET", "from_on": "2020-02-14"}
    row = write.create_rows(ledger, [write.clean_row(ledger, raw, by)], by=by)[0]
    assert row.area_path == cast.posts["street"].area_path
    for wrong in ({"object_id": "00000000-0000-7000-8000-000000000000"}, {"object_id": "no id"}, {"ledger": "dragons"}):
        with pytest.raises(Refusal):
            write.create_rows(ledger, [write.clean_row(ledger, {**raw, **wrong}, by)], by=by)
