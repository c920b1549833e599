"""The permission table is the matrix of shared/reliability.md 3a on our role names, and refuses what it does not know."""

import pytest

from tongchou.access import permissions
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.errors import UnknownInTable
from tongchou.access.pages import page
from tongchou.access.roles import Role

# The matrix as it stands in reliability.md 3a, transcribed by hand: READ and w; what stands in words there is its
# own letter here (day status, pass/hold, verify = M with a form; own task = task:).
MATRIX = """
       PUB   GRID          CDCD  CDCC  HOSP  QUAR  ENT   CMD   OFF   CHK   SYS   SEC   AUD
D1     O     M:S           S     S     S     S     M     -     M     M     -     -     -
D2     O     Mw            Sw    Aw    Sw    Sw    M     g     g     M     -     -     -
D3     O     -             Sw    Aw    -     -     -     g     g     -     -     -     -
D4     Ow    -w:S          Sw    Aw    Sw    Sw    Ow    -     -     -     -     -     -
D5     O     M             M     Mw    M     M     M     -     -     M     -     -     -
D6     O     S             g     g     O     O     Ow    A     Aw    -     -     -     -
D8     O     -             -     -     -     -     -     -     -     -     Aw    Aw    A
D9     A     -             Aw    Aw    -     -     -     Aw    Aw    -     Aw    -     A
"""
NAMES = {
    "PUB": "PUB", "GRID": "GRID", "CDCD": "CDC_DISTRICT", "CDCC": "CDC_CITY", "HOSP": "HOSPITAL", "QUAR": "QUARANTINE", "ENT": "ENTERPRISE",
    "CMD": "COMMAND", "OFF": "OFFICE", "CHK": "CHECKPOINT", "SYS": "SYS_ADMIN", "SEC": "SEC_ADMIN", "AUD": "AUDITOR",
}  # fmt: skip


def actor(role: str) -> Actor:
    return Actor("u", "p", "post", role, ())


def cells():
    head, *rows = [line.split() for line in MATRIX.strip().splitlines()]
    return [(row[0], NAMES[name], cell) for row in rows for name, cell in zip(head, row[1:], strict=True)]


@pytest.mark.parametrize(("cls", "role", "cell"), cells())
def test_cell(cls, role, cell):
    right = permissions.right(actor(role), cls)
    read, _, task = cell.partition(":")
    assert (right.read, right.write, right.own_task) == (read[0], read.endswith("w"), task)


def test_words_of_the_matrix():
    show = {(cls, role): permissions.right(actor(role), cls).show for cls in ("D1", "D2") for role in Role.values if role != "SYSTEM"}
    assert show["D1", "CHECKPOINT"] == "last2"
    assert show["D2", "GRID"] == show["D2", "SECRETARY"] == "day_status"
    assert show["D2", "ENTERPRISE"] == show["D2", "CHECKPOINT"] == "pass_hold"


def test_a_secretary_is_as_a_grid_worker_and_a_department_sees_its_own_tasks():
    for cls in ("D1", "D2", "D3", "D4", "D5"):
        assert permissions.right(actor("SECRETARY"), cls) == permissions.right(actor("GRID"), cls)
    assert permissions.right(actor("DEPARTMENT"), "D4").own_task == "S"
    for cls in ("D1", "D2", "D3", "D4", "D5", "D8"):
        assert permissions.right(actor("LEADER"), cls).read == "-"


def test_nobody_and_no_role_have_no_right():
    assert permissions.right(None, "D7").read == "-"
    assert permissions.right(actor(""), "D7").read == "-"
    assert not permissions.may(None, "person", "list")
    assert not permissions.may(actor(""), "person", "list")
    assert not permissions.may_open(None, "access-account")
    assert permissions.may_open(actor(""), "access-account")
    assert not permissions.may_open(actor(""), "purpose")


def test_the_system_may_do_what_a_ledger_knows():
    assert permissions.right(SYSTEM, "D1") == permissions.Right("A", True)
    assert permissions.may(SYSTEM, "person", "merge")


@pytest.mark.parametrize(
    "call",
    [
        lambda: permissions.right(actor("GRID"), "D10"),
        lambda: permissions.right(actor("KING"), "D1"),
        lambda: permissions.may(actor("GRID"), "dragon", "list"),
        lambda: permissions.may(actor("GRID"), "person", "devour"),
        lambda: permissions.may(actor("KING"), "person", "list"),
        lambda: permissions.may_open(None, "no-such-route"),
    ],
)
def test_what_the_table_does_not_know_raises(call):
    with pytest.raises(UnknownInTable):
        call()


BASE = '[session]\npurpose_hours = 8\n[purposes]\n[deputise]\n[groups]\n[classes]\n'
ROLES = "\n".join(f'{role} = ["-","-","-","-","-","-","-","-","-"]' for role in Role.values if role != "SYSTEM")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE + ROLES.replace("LAB =", "LABO =") + "\n[ledgers]\n[routes]\n", "LAB"),
        (BASE + ROLES.replace('"-"', '"X"', 1) + "\n[ledgers]\n[routes]\n", "cell"),
        (BASE + ROLES + '\n[ledgers.person]\nKING = "look"\n[routes]\n', "KING"),
        (BASE + ROLES + '\n[ledgers.person]\nGRID = "devour"\n[routes]\n', "devour"),
        (BASE + ROLES + '\n[ledgers]\n[routes.a]\nhome = "signed"\n[routes.b]\nhome = "anyone"\n', "twice"),
    ],
)
def test_a_table_with_a_mistake_is_not_read(tmp_path, monkeypatch, text, said):
    path = tmp_path / "permissions.toml"
    path.write_text(text)
    monkeypatch.setattr(permissions, "TABLE", path)
    with pytest.raises(UnknownInTable, match=said):
        permissions.table.__wrapped__()


def test_a_page_without_a_row_cannot_be_declared():
    with pytest.raises(UnknownInTable):
        page("secret-back-door")
