"""A filter by ID number or phone never stands in an address: browsers, proxies and logs keep those."""

from __future__ import annotations

import re
from urllib.parse import urlencode

import pytest
from django.urls import reverse

from tests.cast import VILLAGE, gather
from tests.desk.test_search import register
from tests.people.conftest import number

pytestmark = pytest.mark.django_db
LIST = reverse("ledger-list", kwargs={"key": "person"})


@pytest.fixture
def client(db):
    client = gather().client("cdc_east")
    register("赵一一", VILLAGE, phone="13800000001", id_no=ID_NO)
    register("赵二二", VILLAGE, phone="13800000002")
    return client


ID_NO = number()


def shown(client, address: str) -> str:
    answer = client.get(address)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_address_carries_an_index_and_finds_the_row(client):
    sent = client.post(LIST, {"id_no": ID_NO, "phone": "", "sex": ["male", "female", "unknown"]})
    address = sent["Location"]
    assert sent.status_code == 302
    assert ID_NO not in address and re.search(r"id_no=(~|%7E)[0-9]{15,19}", address) and "sex=male" in address and "csrf" not in address
    page = shown(client, address)
    assert page.count('scope="row"') + page.count("<tbody") > 0 and ID_NO not in page
    assert "证件号码与所填相同" in page
    assert "共 1 条" in shown(client, address.replace(LIST, f"{LIST}count/"))


def test_what_was_asked_stays_until_another_is_typed(client):
    first = client.post(LIST, {"phone": "13800000001"})["Location"]
    kept = client.post(first, {"phone": "", "sex": ["male", "female", "unknown"]})["Location"]
    index = re.search(r"[0-9]{15,19}", first).group()
    assert index in kept and "sex=male" in kept
    other = client.post(first, {"phone": "13800000002"})["Location"]
    assert index not in other and "13800000002" not in other


def test_the_form_is_sent_by_post_and_shows_no_index(client):
    address = client.post(LIST, {"phone": "13800000001"})["Location"]
    page = shown(client, address)
    form = re.search(r'<form method="(\w+)" class="filter-form".*?</form>', page, re.DOTALL)
    assert form.group(1) == "post"
    assert not re.search(r'value="[^"]*[0-9]{15}', form.group()) and "已填，不显示" in form.group()


@pytest.mark.parametrize("asked", ["--", "~", "~0", "~12", "~" + "9" * 19, "~" + "9" * 40, "~x", "~-1", "~１２"])
def test_what_is_no_value_and_no_index_finds_nobody(client, asked):
    register("赵三三", VILLAGE)
    assert "共 0 条" in shown(client, f"{LIST}count/?" + urlencode({"phone": asked}))
