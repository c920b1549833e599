"""The API writes as the pages do: one path in, one answer for a repeat, nothing past scope or mask."""

from __future__ import annotations

import json

import pytest

from tongchou import audit
from tongchou.people.models import Person

from tests.cast import VILLAGE, WEST_VILLAGE, gather
from tests.people.conftest import number

pytestmark = pytest.mark.django_db
ROWS = "/api/v1/person/"


def post(client, body: dict, **headers: str):
    return client.post(ROWS, json.dumps(body), content_type="application/json", headers=headers)


def test_a_row_is_added_read_and_changed_with_its_audit():
    client = gather().client("cdc_east")
    made = post(client, {"name": "王一", "id_no": number(), "area_path": VILLAGE})
    assert made.status_code == 201
    told = made.json()
    assert told["name"] == "王**" and "id_no" in told["masked"], "without a purpose the answer is masked"
    where = f"{ROWS}{told['id']}/"
    assert client.get(where).json()["sex"] == "male"
    changed = client.patch(where, json.dumps({"area_path": VILLAGE, "name": "王改"}), content_type="application/json")
    assert changed.status_code == 403, "what one sees masked one cannot overwrite"
    assert [entry.action for entry in audit.timeline("person", told["id"])] == ["read", "create"]


def test_every_problem_of_a_row_is_told_at_once():
    answer = post(gather().client("cdc_east"), {"id_no": "123", "area_path": "999999", "colour": "red"})
    assert answer.status_code == 422
    assert {(p["field"], p["code"]) for p in answer.json()["problems"]} >= {
        ("name", "required"), ("area_path", "unknown_area"), ("colour", "unknown_column"),
    }  # fmt: skip
    assert all(p["zh"] and p["en"] for p in answer.json()["problems"])
    assert not Person.objects.exists()


def test_the_same_key_gives_the_same_answer_once():
    client = gather().client("cdc_east")
    body = {"name": "王一", "area_path": VILLAGE}
    first = post(client, body, **{"Idempotency-Key": "k1"})
    again = post(client, body, **{"Idempotency-Key": "k1"})
    other = post(client, {**body, "name": "李二"}, **{"Idempotency-Key": "k1"})
    assert (first.status_code, again.status_code, again.json()) == (201, 201, first.json())
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert Person.objects.count() == 1


def test_another_district_is_neither_read_nor_written():
    cast = gather()
    east, west = cast.client("cdc_east"), cast.client("cdc_west")
    pk = post(east, {"name": "王一", "area_path": VILLAGE}).json()["id"]
    assert post(east, {"name": "李二", "area_path": WEST_VILLAGE}).status_code == 403
    assert west.get(f"{ROWS}{pk}/").json()["code"] == "not_found"
    assert west.post(f"{ROWS}{pk}/leave/", "{}", content_type="application/json").status_code == 404
    assert west.get(ROWS).json()["results"] == []
    assert cast.client("command").get(ROWS).status_code == 404


@pytest.mark.parametrize("cursor", ["x", "W10", "e30", "WzFd"])
def test_a_made_up_page_position_is_refused(cursor):
    answer = gather().client("cdc_east").get(ROWS, {"after": cursor})
    assert (answer.status_code, answer.json()["code"]) == (422, "bad_cursor")
