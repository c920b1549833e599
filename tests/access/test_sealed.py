"""Sealed fields: nothing readable in the database, no value opens in another place, keys rotate without loss."""

import os

import pytest
from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from django.db import connection
from hypothesis import given
from hypothesis import settings as limits
from hypothesis import strategies as st

from tongchou import keyed
from tongchou.access import personal, sealed
from tongchou.access.actions import key
from tongchou.access.actor import SYSTEM
from tongchou.access.errors import AccessError, SealedError
from tongchou.access.models import User
from tongchou.access.sealed import blind_index, seal, unseal

PHONE = "13812345678"


@pytest.fixture
def key_folder(tmp_path, settings):
    """A key folder of its own, so that a rotation touches nobody else."""
    folder = tmp_path / "keys"
    folder.mkdir()
    (folder / "seal").write_text(os.urandom(32).hex())
    settings.DATA = tmp_path
    return folder


@pytest.fixture
def user(db):
    return User.objects.create(username="w1", name="示例", phone=PHONE)


def raw(user: User) -> bytes:
    with connection.cursor() as cursor:
        cursor.execute("SELECT phone FROM access_user WHERE username = %s", [user.username])
        return bytes(cursor.fetchone()[0])


def test_stored_sealed_read_open(user):
    assert PHONE.encode() not in raw(user)
    assert raw(user)[0] == sealed.AES_GCM
    again = User.objects.get(pk=user.pk)
    assert again.phone == PHONE
    again.name = "改名"
    before = raw(user)
    again.save()
    assert raw(user) == before  # an untouched value is not sealed anew
    assert User.objects.defer("phone").get(pk=user.pk).phone == PHONE


def test_the_same_text_never_looks_the_same_twice(user):
    other = User.objects.create(username="w2", name="示例", phone=PHONE)
    assert raw(user) != raw(other)


def test_a_value_moved_to_another_row_does_not_open(user):
    other = User.objects.create(username="w2", name="示例")
    with connection.cursor() as cursor:
        cursor.execute("UPDATE access_user SET phone = (SELECT phone FROM access_user WHERE username = 'w1') WHERE username = 'w2'")
    with pytest.raises(SealedError, match="移位"):
        _ = User.objects.get(pk=other.pk).phone


@given(at=st.integers(0, 200), flip=st.integers(1, 255))
@limits(max_examples=40, deadline=None)
def test_an_altered_value_does_not_open(at, flip):
    value = bytearray(seal(PHONE, "t.f.1"))
    value[at % len(value)] ^= flip
    with pytest.raises(SealedError):
        unseal(bytes(value), "t.f.1")


@given(st.text(max_size=300))
@limits(max_examples=60, deadline=None)
def test_what_is_sealed_opens_again(text):
    assert unseal(seal(text, "t.f.1"), "t.f.1") == text


def test_ways_around_the_row_are_refused(user):
    with pytest.raises(SealedError, match="整行"):
        User.objects.update(phone="13900000000")
    with pytest.raises(SealedError, match="blind index"):
        User.objects.filter(phone=PHONE).exists()
    user.phone = "13900000000"
    with pytest.raises(SealedError, match="整行"):
        User.objects.bulk_update([user], ["phone"])


def test_many_rows_at_once(db):
    rows = [User(username=f"w{n}", name="示例", phone=f"1380000000{n}") for n in range(3)]
    User.objects.bulk_create(rows)
    assert [user.phone for user in User.objects.order_by("username")] == ["13800000000", "13800000001", "13800000002"]
    assert len({raw(user)[5:] for user in rows}) == 3


def test_an_empty_value_stays_empty(db):
    user = User.objects.create(username="w3", name="示例", phone="")
    assert raw(user) == b""
    assert User.objects.get(pk=user.pk).phone == ""


def test_a_sealed_field_must_say_why_it_is_there():
    with pytest.raises(ValueError, match="purpose"):
        personal.declare(User, "name", "D1", " ", 30)
    with pytest.raises(ValueError, match="class"):
        personal.declare(User, "name", "D0", "to know", 30)
    declared = {(one.model, one.field): one for one in personal.fields()}
    assert declared["access.User", "phone"].sealed
    for model, field in key.sealed_fields():
        assert (f"{model._meta.app_label}.{model.__name__}", field.name) in declared


@pytest.mark.parametrize(
    ("kind", "one", "other"),
    [
        ("id_no", "51040219800101123x", " 510402 19800101 123X "),
        ("phone", "138-1234-5678", "+86 13812345678"),
        ("phone", "138 1234 5678", "008613812345678"),
        ("address", "炳草岗街道 竹湖路1号,101", "炳草岗街道竹湖路1号101"),
        ("name", "张 三", "张三"),
    ],
)
def test_two_spellings_have_one_blind_index(kind, one, other):
    assert blind_index(kind, one) == blind_index(kind, other)
    assert 0 < blind_index(kind, one) < 1 << 63


def test_a_blind_index_depends_on_kind_value_and_key(settings):
    values = {blind_index("phone", PHONE), blind_index("id_no", PHONE), blind_index("phone", "13812345679")}
    assert len(values) == 3
    assert blind_index("phone", "") == 0
    with pytest.raises(ValueError, match="normaliser"):
        blind_index("shoe_size", "42")
    before = blind_index("phone", PHONE)
    settings.KEYS = type("Keys", (), {"index": b"another"})
    keyed.under.cache_clear()  # a process has its keys for life; here it gets others
    try:
        assert blind_index("phone", PHONE) != before
    finally:
        keyed.under.cache_clear()


def test_keys_rotate_without_loss(key_folder, db):
    users = [User.objects.create(username=f"w{n}", name="示例", phone=f"1380000000{n}") for n in range(3)]
    factor = Authenticator.objects.create(
        user=users[0], type="totp", data={"secret": sealed_secret("JBSWY3DPEHPK3PXP"), "plain": "x"}
    )
    before = [raw(user)[1:5] for user in users]
    done = key.rotate_key(by=SYSTEM)
    assert done.sealed_anew == 4
    assert {raw(user)[1:5].hex() for user in users} == {done.key_id}
    assert before[0].hex() != done.key_id
    assert [User.objects.get(pk=user.pk).phone for user in users] == ["13800000000", "13800000001", "13800000002"]
    factor.refresh_from_db()
    assert opened(factor.data["secret"]) == "JBSWY3DPEHPK3PXP"
    assert done.retired == (f"seal.retired-{before[0].hex()}",)
    assert (key_folder / done.retired[0]).stat().st_mode & 0o077 == 0
    assert key.rotate_key(by=SYSTEM, new_key=False, drop_old=True).retired == ()
    assert User.objects.get(pk=users[0].pk).phone == "13800000000"


def test_a_stopped_rotation_is_carried_on_and_an_old_key_in_use_stays(key_folder, db, monkeypatch):
    user = User.objects.create(username="w1", name="示例", phone=PHONE)
    monkeypatch.setattr(key, "_reseal", lambda *_: 0)  # killed before any row was sealed anew
    retired = key.rotate_key(by=SYSTEM).retired
    assert User.objects.get(pk=user.pk).phone == PHONE
    assert key.rotate_key(by=SYSTEM, new_key=False, drop_old=True).retired == retired
    monkeypatch.undo()
    done = key.rotate_key(by=SYSTEM, new_key=False)
    assert done.sealed_anew == 1


def test_another_process_notices_the_new_key(key_folder, db):
    user = User.objects.create(username="w1", name="示例", phone=PHONE)
    ring = sealed.KeyRing(key_folder)
    key.rotate_key(by=SYSTEM)
    ring.refresh()
    assert ring.current == raw(user)[1:5]


def test_only_the_security_administrator_rotates(cast):
    with pytest.raises(AccessError):
        key.rotate_key(by=cast.actor("sys_admin"))


def test_a_missing_key_says_what_to_do(key_folder, db):
    user = User.objects.create(username="w1", name="示例", phone=PHONE)
    (key_folder / "seal").write_text(os.urandom(32).hex())
    sealed.ring().reload()
    with pytest.raises(SealedError, match="请从备份恢复"):
        _ = User.objects.get(pk=user.pk).phone


def sealed_secret(text: str) -> str:
    return get_adapter().encrypt(text)


def opened(text: str) -> str:
    return get_adapter().decrypt(text)

