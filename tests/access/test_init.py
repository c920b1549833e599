"""A fresh city: no account, then two administrators by one-time links, once (P9)."""

import json

import pytest
from django.test import Client

from tongchou.access.models import Post, User
from tongchou.cli.__main__ import main

CITY = "code,name\n510400000000,试验市\n510402000000,东山区\n510402001000,河口街道\n510402001001,一村\n"


@pytest.fixture
def divisions(tmp_path):
    path = tmp_path / "divisions.csv"
    path.write_text(CITY, encoding="utf-8")
    return path


def run(capsys, *words):
    code = main(list(words))
    out, err = capsys.readouterr()
    return code, out, err


def test_a_fresh_install_holds_no_account(db):
    assert User.objects.count() == 0
    assert Client().post("/account/login/", {"login": "admin", "password": "admin"}).status_code == 200


def test_founding_a_city(db, capsys, divisions):
    code, out, _ = run(capsys, "init", "--city", "5104", "--divisions", str(divisions), "--address", "http://testserver", "--json")
    assert code == 0
    told = json.loads(out)
    assert (told["city"], told["divisions"], told["hours"]) == ("5104", 4, 24)
    assert set(told["links"]) == {"sysadmin", "secadmin"}
    codes = set(Post.objects.values_list("code", flat=True))
    assert {"GROUP", "CMD", "OFF", "CDC", "SYS", "SEC", "AUD", "CMD-510402", "CDC-510402", "SEC-510402001", "SEC-510402001001"} == codes
    assert Post.objects.get(code="SEC-510402001001").parent.code == "SEC-510402001"
    assert Post.objects.get(code="CMD-510402").parent.parent.code == "GROUP"
    client = Client()
    address = told["links"]["sysadmin"].removeprefix("http://testserver")
    client.post(address, {"password": "Red-lantern-42", "again": "Red-lantern-42"})
    assert client.post("/account/login/", {"login": "sysadmin", "password": "Red-lantern-42"}).status_code == 302
    assert client.get("/").url == "/account/2fa/totp/activate/"


def test_only_once(db, capsys, divisions):
    run(capsys, "init", "--city", "5104", "--divisions", str(divisions))
    code, _, err = run(capsys, "init", "--city", "5104", "--name", "试验市")
    assert code == 1
    assert "已初始化" in err
    assert "has been initialised" in err
    assert User.objects.count() == 2


def test_no_password_is_printed_and_the_links_only_once(db, capsys, divisions):
    _, out, _ = run(capsys, "init", "--city", "510400000000", "--divisions", str(divisions))
    assert out.count("/access/link/") == 2
    assert all(not user.has_usable_password() for user in User.objects.all())


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--city", "510402", "--name", "东山区"], "不是地级市代码"),
        (["--city", "51x4", "--name", "试验市"], "代码"),
        (["--name", "试验市"], "--city"),
        (["--city", "5104", "--divisions", "/no/such/file.csv"], "没有文件"),
    ],
)
def test_bad_words_change_nothing(db, capsys, monkeypatch, words, said):
    monkeypatch.setattr("sys.stdin.isatty", lambda: False)
    code, _, err = run(capsys, "init", *words)
    assert code in (1, 2)
    assert said in err
    assert not Post.objects.exists()
    assert not User.objects.exists()


def test_a_file_with_a_wrong_row_is_not_taken_in(db, capsys, tmp_path):
    path = tmp_path / "bad.csv"
    path.write_text(CITY + "510499001001,孤村\n", encoding="utf-8")
    code, _, err = run(capsys, "init", "--city", "5104", "--divisions", str(path))
    assert code == 1
    assert "第 6 行" in err
    assert not Post.objects.exists()


def test_a_lost_link_is_given_again_to_administrators_only(db, capsys, divisions):
    run(capsys, "init", "--city", "5104", "--divisions", str(divisions))
    code, out, _ = run(capsys, "access", "link", "secadmin", "--json")
    assert code == 0
    assert "/access/link/" in json.loads(out)["link"]
    assert run(capsys, "access", "link", "nobody")[0] == 1


def test_access_tells_who_answers_and_which_fields_are_personal(cast, capsys):
    _, out, _ = run(capsys, "access", "who", "SECRETARY", "--json")
    told = json.loads(out)
    assert (told["user"], told["why"], told["passed_over"]) == ("secretary", "holder", [])
    _, out, _ = run(capsys, "access", "fields", "--json")
    rows = {(row["model"], row["field"]): row for row in json.loads(out)}
    assert rows["access.User", "phone"] == {
        "model": "access.User", "field": "phone", "class": "D8", "purpose": "account recovery by the administrator", "keep_days": 1095,
        "sealed": True,
    }  # fmt: skip
