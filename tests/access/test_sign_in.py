"""Sign-in as people do it: password, second factor, lock-out, one-time link, and what the trail keeps of it (P12)."""

import re
import time

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal.auth import TOTP, format_hotp_value, hotp_value
from django.contrib.auth.hashers import identify_hasher, make_password
from django.core.cache import cache
from django.test import Client

from tongchou import audit
from tongchou.access.actions import user as users
from tongchou.access.errors import AccessError
from tongchou.audit.models import Entry

from tests.cast import TOTP_SECRET

PASSWORD = "Red-lantern-42"


@pytest.fixture(autouse=True)
def nothing_counted():
    """Used codes and failed tries are counted in the cache."""
    cache.clear()


@pytest.fixture
def with_password(cast):
    for user in cast.users.values():
        user.set_password(PASSWORD)
        user.save()
    return cast


def sign_in(client: Client, username: str, password: str = PASSWORD):
    return client.post("/account/login/", {"login": username, "password": password})


def code_now(secret: str = TOTP_SECRET) -> str:
    """The code of this half minute; the house takes the ones beside it too, so a slow run does not miss it."""
    return format_hotp_value(hotp_value(secret, int(time.time()) // 30))


def test_a_staff_member_needs_password_and_second_factor(with_password, client):
    answer = sign_in(client, "office")
    assert answer.url == "/account/2fa/authenticate/"
    assert client.get("/ledger/place/").status_code == 302  # half signed in is not signed in
    page = client.get("/account/2fa/authenticate/").content.decode()
    assert "请输入认证器应用上的 6 位数字" in page
    assert client.post("/account/2fa/authenticate/", {"code": code_now()}).status_code == 302
    assert client.get("/access/").status_code == 200
    assert Entry.objects.filter(action="sign_in", object_id=str(with_password.users["office"].pk)).count() == 1


def test_a_code_works_once(with_password):
    code = code_now()
    for expected in (302, 200):
        client = Client()
        sign_in(client, "office")
        assert client.post("/account/2fa/authenticate/", {"code": code}).status_code == expected


def test_staff_without_a_second_factor_set_it_up_before_anything_else(with_password, client):
    user = with_password.users["cdc_east"]
    Authenticator.objects.filter(user=user).delete()
    sign_in(client, "cdc_east")
    for address in ("/", "/ledger/person/", "/access/", "/access/purpose/"):
        assert client.get(address).url == "/account/2fa/totp/activate/"
    page = client.get("/account/2fa/totp/activate/").content.decode()
    assert "data:image/svg+xml;base64," in page
    secret = re.search(r"<code>([A-Z2-7]+)</code>", page).group(1)
    answer = client.post("/account/2fa/totp/activate/", {"code": code_now(secret)})
    assert answer.url == "/account/2fa/recovery-codes/"
    assert "恢复码" in client.get(answer.url).content.decode()
    assert client.get("/ledger/person/").status_code == 200
    stored = Authenticator.objects.get(user=user, type="totp")
    assert secret not in str(stored.data)
    assert TOTP(stored).validate_code  # opens under the key


def test_recovery_codes_stand_in_for_a_lost_phone(with_password, client):
    user = with_password.users["cdc_east"]
    Authenticator.objects.filter(user=user).delete()
    sign_in(client, "cdc_east")
    secret = re.search(r"<code>([A-Z2-7]+)</code>", client.get("/account/2fa/totp/activate/").content.decode()).group(1)
    client.post("/account/2fa/totp/activate/", {"code": code_now(secret)})
    code = re.search(r"<li><code>([^<]+)</code>", client.get("/account/2fa/recovery-codes/").content.decode()).group(1)
    other = Client()
    sign_in(other, "cdc_east")
    assert other.post("/account/2fa/authenticate/", {"code": code}).status_code == 302
    assert other.get("/access/").status_code == 200


def test_a_demo_city_asks_for_no_second_factor(with_password, client, settings):
    Authenticator.objects.all().delete()
    settings.DEMO = True
    sign_in(client, "cdc_east")
    assert client.get("/access/").status_code == 200


def test_a_grid_worker_needs_no_second_factor(with_password, client):
    assert sign_in(client, "grid").url == "/"
    assert client.get("/access/").status_code == 200


def test_five_wrong_passwords_lock_this_account_at_this_address_only(with_password, client):
    for _ in range(5):
        answer = sign_in(client, "grid", "wrong-password-1")
    assert answer.status_code == 429
    page = answer.content.decode()
    assert "暂时锁定" in page
    assert "Wait 15 minutes" in page
    assert sign_in(client, "grid").status_code == 429  # the right password does not help now
    assert sign_in(Client(), "checkpoint").status_code == 302  # the neighbour in the same street
    elsewhere = Client(REMOTE_ADDR="10.1.2.3")
    assert sign_in(elsewhere, "grid").status_code == 302


def test_failures_are_in_the_trail_and_never_as_typed(with_password, client):
    sign_in(client, "grid", "wrong-password-1")
    sign_in(client, "My-Secret-Typed-Here", "x")
    lines = list(Entry.objects.filter(action="sign_in_failed").order_by("position"))
    assert [line.name.startswith("#") for line in lines] == [False, True]
    assert "My-Secret-Typed-Here" not in str([vars(line) for line in lines])
    assert audit.verify().sound


def test_signing_out_is_audited_and_ends_the_session(with_password, client):
    sign_in(client, "grid")
    client.post("/account/logout/")
    assert client.get("/access/").status_code == 302
    assert Entry.objects.filter(action="sign_out", object_id=str(with_password.users["grid"].pk)).exists()


def test_the_session_changes_its_name_at_sign_in(with_password, client):
    client.get("/account/login/")
    client.session["planted"] = "1"
    before = client.session.session_key
    sign_in(client, "grid")
    assert client.session.session_key != before


def test_nobody_signs_up(client, db):
    assert client.get("/account/signup/").status_code == 302
    assert client.post("/account/signup/", {"username": "me", "password1": PASSWORD}).status_code == 302


def test_the_one_time_link_sets_a_password_once(cast, client):
    issued = users.reset_link(user=cast.users["grid"], by=cast.actor("sys_admin"))
    address = f"/access/link/{issued.secret}/"
    assert "设置密码" in client.get(address).content.decode()
    assert "数字" in client.post(address, {"password": "1234567890", "again": "1234567890"}).content.decode()
    assert "不同" in client.post(address, {"password": PASSWORD, "again": PASSWORD + "x"}).content.decode()
    assert "密码已设置" in client.post(address, {"password": PASSWORD, "again": PASSWORD}).content.decode()
    gone = client.get(address)
    assert gone.status_code == 410
    assert "新的一次性链接" in gone.content.decode()
    assert sign_in(client, "grid").url == "/"


def test_a_new_link_makes_the_old_one_worthless_and_links_expire(cast, client):
    by = cast.actor("sys_admin")
    old = users.reset_link(user=cast.users["grid"], by=by)
    users.reset_link(user=cast.users["grid"], by=by)
    assert client.get(f"/access/link/{old.secret}/").status_code == 410
    late = users.reset_link(user=cast.users["checkpoint"], by=by, hours=0)
    assert client.get(f"/access/link/{late.secret}/").status_code == 410


def test_a_link_for_an_ended_account_is_refused(cast):
    by = cast.actor("sys_admin")
    users.end_user(user=cast.users["grid"], by=by)
    with pytest.raises(AccessError, match="已停用"):
        users.reset_link(user=cast.users["grid"], by=by)


def test_real_passwords_are_argon2_at_the_owasp_floor(settings):
    settings.PASSWORD_HASHERS = ["tongchou.access.hashers.CityArgon2"]
    started = time.perf_counter()
    stored = make_password(PASSWORD)
    assert "m=19456,t=2,p=1" in stored
    assert identify_hasher(stored).verify(PASSWORD, stored)
    assert time.perf_counter() - started < 5
