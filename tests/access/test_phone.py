"""A worker's phone: bound by the QR that the secretary shows, opened by a PIN, stopped when lost."""

import base64
import re
from datetime import timedelta

import pytest
from django.test import Client

from tongchou import citytime
from tongchou.access.actions import phone as phones
from tongchou.access.models import PhoneBinding
from tongchou.audit.models import Entry

PIN = "827364"


def show_code(cast, worker: str = "grid", by: str = "secretary") -> str:
    """The address in the QR, as the phone's camera would read it."""
    page = cast.client(by).post(f"/access/phones/{cast.users[worker].pk}/code/").content.decode()
    image = re.search(r"data:image/svg\+xml;base64,([^\"]+)", page).group(1)
    assert b"<svg" in base64.b64decode(image)
    return f"/access/phone/bind/{phones.show_code(user=cast.users[worker], by=cast.actor(by)).secret}/"


def bind(cast, worker: str = "grid") -> Client:
    phone = Client(HTTP_USER_AGENT="Mozilla/5.0 (Linux; Android 10)")
    answer = phone.post(show_code(cast, worker), {"pin": PIN, "pin_again": PIN})
    assert answer.url == "/access/phone/"
    return phone


def test_bound_once_then_signs_in_by_pin(cast):
    phone = bind(cast)
    cookie = phone.cookies[phones.COOKIE]
    assert cookie["httponly"]
    assert cookie["samesite"] == "Lax"
    assert "请输入这部手机的 PIN" in phone.get("/access/phone/").content.decode()
    assert phone.post("/access/phone/", {"pin": PIN}).url == "/field/"
    assert phone.get("/access/").status_code == 200
    assert phone.get("/").wsgi_request.actor.role == "GRID"
    assert {"show_phone_code", "bind_phone", "sign_in_phone"} <= set(Entry.objects.values_list("action", flat=True))


def test_the_code_holds_no_personal_data_and_works_once(cast):
    address = show_code(cast)
    user = cast.users["grid"]
    assert str(user.pk) not in address
    assert user.username not in address
    first = Client()
    assert "设定一个 6 位数字 PIN" in first.get(address).content.decode()
    first.post(address, {"pin": PIN, "pin_again": PIN})
    again = Client().get(address)
    assert again.status_code == 410
    assert "请书记重新出示" in again.content.decode()


def test_the_code_is_over_after_ten_minutes(cast):
    address = show_code(cast)
    with citytime.standing_at(citytime.now() + timedelta(minutes=10)):
        assert Client().get(address).status_code == 410


@pytest.mark.parametrize(
    ("pin", "again", "said"), [("123456", "123456", "太简单"), ("111111", "111111", "太简单"), (PIN, "827365", "两次"), ("12345", "12345", "6 位")]
)
def test_a_poor_pin_is_refused_with_the_reason(cast, pin, again, said):
    page = Client().post(show_code(cast), {"pin": pin, "pin_again": again}).content.decode()
    assert said in page
    assert not PhoneBinding.objects.exists()


def test_a_lost_phone_stops_with_the_next_request(cast):
    phone = bind(cast)
    phone.post("/access/phone/", {"pin": PIN})
    row = PhoneBinding.objects.get()
    secretary = cast.client("secretary")
    assert "Android" in secretary.get("/access/phones/").content.decode()
    secretary.post(f"/access/phones/{row.pk}/unbind/")
    assert phone.get("/access/").url.startswith("/account/login/")
    assert "还没有绑定" in phone.get("/access/phone/").content.decode()
    assert "未绑定" in secretary.get("/access/phones/").content.decode()


def test_five_wrong_pins_unbind_the_phone(cast):
    phone = bind(cast)
    assert "还可以试 4 次" in phone.post("/access/phone/", {"pin": "000000"}).content.decode()
    for _ in range(4):
        page = phone.post("/access/phone/", {"pin": "000000"}).content.decode()
    assert "已解绑" in page
    assert "还没有绑定" in phone.post("/access/phone/", {"pin": PIN}).content.decode()


def test_a_forged_or_copied_cookie_opens_nothing(cast):
    bind(cast)
    stranger = Client()
    stranger.cookies[phones.COOKIE] = "forged:value:here"
    assert "还没有绑定" in stranger.get("/access/phone/").content.decode()


def test_a_phone_reaches_no_desk_post(cast):
    phone = bind(cast)
    from_desk = cast.users["grid"]
    cast.posts["secretary_west"].holdings.update(user=from_desk)
    phone.post("/access/phone/", {"pin": PIN})
    page = phone.post("/access/post/", {"post": str(cast.posts["secretary_west"].pk)}).content.decode()
    assert "不能代表" in page
    assert phone.get("/").wsgi_request.actor.role == "GRID"


def test_only_the_own_village_and_only_phone_posts(cast):
    west = cast.client("secretary_west")
    answer = west.post(f"/access/phones/{cast.users['grid'].pk}/code/", follow=True)
    assert "不在您的辖区内" in answer.content.decode()
    assert "一村网格员" not in west.get("/access/phones/").content.decode()
    page = cast.client("street").post(f"/access/phones/{cast.users['cdc_east'].pk}/code/", follow=True)
    assert "不在网格员或卡点岗位上" in page.content.decode()
    assert cast.client("grid").get("/access/phones/").status_code == 404


def test_a_new_phone_unbinds_the_old_one(cast):
    old = bind(cast)
    bind(cast)
    assert "还没有绑定" in old.get("/access/phone/").content.decode()
    assert PhoneBinding.objects.filter(unbound_at=None).count() == 1
