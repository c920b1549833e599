"""Three administrators who cannot replace each other; nobody grants to herself; the last one stays (P11)."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.test import Client

from tongchou import citytime
from tongchou.access import permissions
from tongchou.access.actions import post as posts
from tongchou.access.actions import user as users
from tongchou.access.errors import AccessError
from tongchou.access.models import PostHolding, User
from tongchou.ledger import registry, write
from tongchou.refusal import Refusal


@pytest.fixture
def sys(cast):
    return cast.actor("sys_admin")


def refused(code, call, **given):
    with pytest.raises(AccessError) as error:
        call(**given)
    assert error.value.code == code
    assert error.value.zh and error.value.en


def test_nobody_grants_to_herself(cast, sys):
    me = cast.users["sys_admin"]
    refused("self_grant", posts.appoint, post=cast.posts["cdc_city"], user=me, by=sys)
    refused("self_grant", users.end_user, user=me, by=sys)
    refused("self_grant", users.reset_link, user=me, by=sys)
    refused("self_grant", posts.deputise, post=cast.posts["grid"], user=cast.users["secretary"], by=cast.actor("secretary"))


def test_an_administrator_holds_no_other_post(cast, sys):
    refused("admins_apart", posts.appoint, post=cast.posts["cdc_city"], user=cast.users["auditor"], by=sys)
    refused("admins_apart", posts.appoint, post=cast.posts["sec_admin"], user=cast.users["auditor"], by=sys)
    refused("admins_apart", posts.appoint, post=cast.posts["auditor"], user=cast.users["office"], by=sys)
    fresh, tomorrow = cast.add("fresh", "新人"), citytime.today() + timedelta(days=1)
    posts.appoint(post=cast.posts["cdc_city"], user=fresh, from_on=tomorrow, by=sys)
    refused("admins_apart", posts.appoint, post=cast.posts["auditor"], user=fresh, by=sys)


def test_the_last_administrators_stay(cast, sys):
    for key in ("sys_admin", "sec_admin"):
        holding = PostHolding.objects.get(user=cast.users[key])
        refused("last_admin", posts.end_holding, holding=holding, by=sys)
        refused("last_admin", posts.mark_absent, holding=holding, by=sys)
        refused("last_admin", posts.end_post, post=cast.posts[key], by=sys)
    refused("last_admin", users.end_user, user=cast.users["sec_admin"], by=sys)
    second = cast.add("sec_two", "安二")
    posts.appoint(post=cast.posts["sec_admin"], user=second, by=sys)
    users.end_user(user=cast.users["sec_admin"], by=sys)
    assert not User.objects.get(pk=cast.users["sec_admin"].pk).is_active


def test_passwords_and_second_factors_are_in_different_hands(cast, sys):
    sec, officer = cast.actor("sec_admin"), cast.users["cdc_city"]
    refused("forbidden", users.reset_second_factor, user=officer, by=sys)
    refused("forbidden", users.reset_link, user=officer, by=sec)
    users.reset_second_factor(user=officer, by=sec)
    assert not Authenticator.objects.filter(user=officer).exists()


def test_clearing_a_second_factor_ends_the_sessions(cast):
    client = cast.client("cdc_city")
    assert client.get("/access/").status_code == 200
    cast.client("sec_admin").post(f"/access/users/{cast.users['cdc_city'].pk}/", {"do": "factor"})
    assert client.get("/access/").status_code == 302


def test_the_system_administrator_sees_no_data(cast, sys):
    for cls in ("D1", "D2", "D3", "D4", "D5", "D6"):
        assert permissions.right(sys, cls).read == "-"
    client = cast.client("sys_admin")
    for key in ("person", "household", "case", "place", "zone_decision", "audit"):
        assert client.get(f"/ledger/{key}/").status_code == 404
    assert client.get("/wall/").status_code == 404


def test_the_link_is_shown_once_on_the_page_and_works(cast):
    client, officer = cast.client("sys_admin"), cast.users["office"]
    page = client.post(f"/access/users/{officer.pk}/", {"do": "link"}).content.decode()
    address = page.split("<code>http://testserver")[1].split("</code>")[0]
    assert address not in client.get(f"/access/users/{officer.pk}/").content.decode()
    assert "设置密码" in Client().get(address).content.decode()


def test_accounts_end_and_come_back_on_the_page(cast):
    client, officer = cast.client("sys_admin"), cast.users["office"]
    assert "已停用" in client.post(f"/access/users/{officer.pk}/", {"do": "end"}).content.decode()
    assert "可以登录" in client.post(f"/access/users/{officer.pk}/", {"do": "restore"}).content.decode()
    assert client.post(f"/access/users/{officer.pk}/", {"do": "nonsense"}).status_code == 404


def test_the_accounts_page_finds_by_number_and_name(cast):
    client = cast.client("sys_admin")
    assert "方文" in client.get("/access/users/").content.decode()
    found = client.get("/access/users/?q=office").content.decode()
    assert "方文" in found
    assert "陈疾" not in found
    assert "陈疾" in client.get("/access/users/?q=陈疾").content.decode()
    assert "没有找到" in client.get("/access/users/?q=nobody").content.decode()
    assert cast.client("command").get("/access/users/").status_code == 404


def sheet(key: str, by, **raw):
    """One row of a sheet: read, then created, or changed where it is there already."""
    ledger = registry.get(key)
    values = write.clean_row(ledger, raw, by)
    there = write.find_existing(ledger, [values])[0]
    if there is None:
        return write.create_rows(ledger, [values], by=by)[0]
    write.change_rows(ledger, [(there, values)], by=by)
    return there


def test_users_and_posts_come_and_end_by_sheet(cast, sys):
    sheet("post", sys, code="GRID-2", name="一村第二网格", role="GRID", area_path="510402001001", parent="SECRETARY")
    user = sheet("user", sys, username="GW2", name="示例乙", phone="13800000002", active_from_on="2020-01-22")
    assert not user.has_usable_password()
    row = sheet("holding", sys, user="GW2", post="GRID-2", kind="holder", from_on="2020-01-22")
    assert sheet("holding", sys, user="GW2", post="GRID-2", kind="holder", from_on="2020-01-22").pk == row.pk
    assert row.post.parent == cast.posts["secretary"]
    sheet("holding", sys, user="GW2", post="GRID-2", kind="holder", from_on="2020-01-22", to_on="2020-03-01")
    assert not PostHolding.objects.get(pk=row.pk).holds_on(citytime.today())
    sheet("user", sys, username="GW2", name="示例乙", active_from_on="2020-01-22", active_to_on="2020-03-01")
    assert not User.objects.get(username="GW2").is_active


@pytest.mark.parametrize(
    ("key", "raw", "code"),
    [
        ("post", {"code": "X", "name": "无辖区", "role": "GRID"}, "no_area"),
        ("user", {"username": "SEC_ADMIN", "name": "安全", "active_to_on": "2020-01-01"}, "last_admin"),
        ("holding", {"user": "sys_admin", "post": "CDC_CITY", "from_on": "2020-01-22"}, "self_grant"),
        ("holding", {"user": "auditor", "post": "CDC_CITY", "from_on": "2020-01-22"}, "admins_apart"),
        ("holding", {"user": "grid", "post": "CDC_CITY", "from_on": "2020-02-02", "to_on": "2020-02-01"}, "days_reversed"),
    ],
)
def test_a_sheet_cannot_do_what_a_page_cannot(cast, sys, key, raw, code):
    if code == "last_admin":
        raw = {**raw, "username": "sec_admin"}
    with pytest.raises(Refusal) as error:
        sheet(key, sys, **raw)
    assert error.value.code == code


def test_a_ladder_does_not_run_in_a_circle(cast, sys):
    with pytest.raises(Refusal) as error:
        sheet("post", sys, code="COMMAND", name="市指挥部", role="COMMAND", area_path="5104", parent="SECRETARY")
    assert error.value.code == "ladder_loop"


def test_ending_a_post_on_its_page_ends_what_is_held_in_it(cast):
    client, post = cast.client("sys_admin"), cast.posts["checkpoint"]
    answer = client.post(f"/ledger/post/{post.pk}/do/end_post/", {"on": citytime.today().isoformat()})
    assert answer.status_code == 302
    assert PostHolding.objects.get(post=post).to_on == citytime.today()
