"""Tokens of machines: a post's rights, shown once, limited, rotated with an overlap, revoked at once; repeats have one effect."""

from datetime import timedelta

import pytest
from django.test import Client

from tongchou import citytime
from tongchou.access.actions import idempotency
from tongchou.access.actions import token as tokens
from tongchou.access.errors import AccessError
from tongchou.access.models import ApiToken
from tongchou.access.queries.token import TooManyCalls, actor_of_token
from tongchou.audit.models import Entry


@pytest.fixture
def sec(cast):
    return cast.actor("sec_admin")


def make(cast, sec, **more):
    return tokens.make_token(name="医院系统", post=cast.posts["hospital"], by=sec, **more)


def test_a_token_acts_as_its_post(cast, sec):
    row, issued = make(cast, sec)
    actor, found = actor_of_token(issued.secret)
    assert (actor.role, actor.post_code, actor.user_id) == ("HOSPITAL", "HOSPITAL", str(cast.users["hospital"].pk))
    assert actor.purpose == f"token:{row.prefix}"
    assert found.pk == row.pk
    assert ApiToken.objects.get().last_used_at is not None


def test_the_secret_is_shown_once_and_not_kept(cast):
    client = cast.client("sec_admin")
    page = client.post("/access/tokens/", {"name": "省平台", "post_code": "LAB", "days": 30, "per_minute": 60}).content.decode()
    assert "令牌只显示这一次" in page
    row = ApiToken.objects.get()
    secret = page.split("<code>")[1].split("</code>")[0]
    assert actor_of_token(secret) is not None
    assert secret not in str(vars(row))
    assert secret not in client.get("/access/tokens/").content.decode()
    assert secret not in str([vars(line) for line in Entry.objects.all()])


def test_rotation_overlaps_a_day(cast, sec):
    row, old = make(cast, sec)
    _next, new = tokens.rotate_token(token=row, by=sec)
    assert actor_of_token(old.secret) and actor_of_token(new.secret)
    with citytime.standing_at(citytime.now() + timedelta(hours=24, seconds=1)):
        assert actor_of_token(old.secret) is None
        assert actor_of_token(new.secret) is not None


def test_revoked_expired_and_wrong_tokens_open_nothing(cast, sec):
    row, issued = make(cast, sec, days=1)
    with citytime.standing_at(citytime.now() + timedelta(days=1, seconds=1)):
        assert actor_of_token(issued.secret) is None
    tokens.revoke_token(token=row, by=sec)
    assert actor_of_token(issued.secret) is None
    assert actor_of_token("tc_wrong") is None
    with pytest.raises(AccessError, match="重新签发"):
        tokens.rotate_token(token=row, by=sec)


def test_the_minute_is_limited_and_starts_anew(cast, sec):
    _row, issued = make(cast, sec, per_minute=3)
    now = citytime.now()
    with citytime.standing_at(now):
        for _ in range(3):
            assert actor_of_token(issued.secret)
        with pytest.raises(TooManyCalls) as refused:
            actor_of_token(issued.secret)
        assert 1 <= refused.value.wait_s <= 61
    with citytime.standing_at(now + timedelta(seconds=61)):
        assert actor_of_token(issued.secret)


def test_the_door_says_401_429_and_when_to_come_back(cast, sec):
    _row, issued = make(cast, sec, per_minute=1)
    client = Client(headers={"authorization": f"Bearer {issued.secret}"})
    first, second = client.get("/api/none/"), client.get("/api/none/")
    assert first.status_code == 404
    assert second.status_code == 429
    assert second.json()["code"] == "too_many_calls"
    assert int(second["Retry-After"]) >= 1


def test_a_token_opens_no_page(cast, sec):
    _row, issued = make(cast, sec)
    client = Client(headers={"authorization": f"Bearer {issued.secret}"})
    assert client.get("/ledger/person/").status_code == 302


@pytest.mark.parametrize("who", ["sys_admin", "cdc_city", "command"])
def test_only_the_security_administrator_makes_tokens(cast, who):
    with pytest.raises(AccessError):
        make(cast, cast.actor(who))


def test_no_token_for_an_administrator(cast, sec):
    with pytest.raises(AccessError, match="管理员岗位"):
        tokens.make_token(name="x", post=cast.posts["sys_admin"], by=sec)


def test_an_ended_post_ends_its_tokens(cast, sec):
    _row, issued = make(cast, sec)
    post = cast.posts["hospital"]
    post.active_to_on = citytime.today() - timedelta(days=1)
    post.save()
    assert actor_of_token(issued.secret) is None


def test_the_same_request_twice_has_one_answer(db):
    claim, kept = idempotency.begin(owner="t1", key="k1", body=b"{}")
    assert kept is None
    with pytest.raises(idempotency.KeyInFlight):
        idempotency.begin(owner="t1", key="k1", body=b"{}")
    idempotency.finish(claim=claim, status=201, body=b'{"id": 1}', content_type="application/json")
    _none, again = idempotency.begin(owner="t1", key="k1", body=b"{}")
    assert (again.status, again.body) == (201, b'{"id": 1}')
    with pytest.raises(idempotency.KeyReused):
        idempotency.begin(owner="t1", key="k1", body=b'{"other": 1}')
    assert idempotency.begin(owner="t2", key="k1", body=b"{}")[1] is None  # another caller's key is another key


def test_a_failed_or_dead_request_lets_the_key_go(db):
    claim, _ = idempotency.begin(owner="t1", key="k1", body=b"{}")
    idempotency.give_up(claim=claim)
    claim, _ = idempotency.begin(owner="t1", key="k1", body=b"{}")
    with citytime.standing_at(citytime.now() + timedelta(minutes=11)):
        taken, kept = idempotency.begin(owner="t1", key="k1", body=b"{}")
        assert taken.pk == claim.pk
        assert kept is None
    with citytime.standing_at(citytime.now() + timedelta(days=31)):
        fresh, _ = idempotency.begin(owner="t1", key="k1", body=b"other")
        assert fresh.pk != claim.pk


def test_a_key_that_is_no_key_is_refused(db):
    for key in ("", "k" * 201, "键"):
        with pytest.raises(AccessError, match="ASCII"):
            idempotency.begin(owner="t1", key=key, body=b"")
