"""Cases of a simulated epidemic go into the case ledger: every row accounted for."""

from __future__ import annotations

import csv
import json

import pytest

from tongchou import citytime
from tongchou.cli import __main__ as cli
from tongchou.outbreak.models import Case

from tests.outbreak import panzhihua

PLAN = """
[[measure]]
kind = "test_symptomatic"
share = 0.8
delay = [0.5, 0.5]
[[measure]]
kind = "tracing"
found = { household = 1.0, team = 0.8 }
[[measure]]
kind = "test_contacts"
"""


@pytest.fixture
def ledger(tmp_path, outbreak):
    """Cases reported in a simulated city of Panzhihua's five counties from 6 January 2020 on."""
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    words = ["simulate", "--people", "4000", "--imports", "25", "--days", "35", "--scenario", str(tmp_path / "plan.toml"), "--out", str(tmp_path)]
    assert cli.main(words) == 0
    return tmp_path / "ledger.csv"


def taken(capsys, ledger, *words):
    capsys.readouterr()
    assert cli.main(["import", "case", str(ledger), "--as", "CDC-5104", "--json", *words]) == 0
    return json.loads(capsys.readouterr().out)


def test_every_row_is_accounted_for(ledger, capsys):
    with ledger.open(encoding="utf-8", newline="") as sheet:
        rows = list(csv.DictReader(sheet))
    assert len(rows) > 40 and {row["status"] for row in rows} == {"confirmed", "asymptomatic"}
    told = taken(capsys, ledger, "--dry-run")
    assert (told["rows"], told["created"], told["rejected"], told["refused"]) == (len(rows), len(rows), 0, None)
    assert told["ignored_columns"] == [] and Case.objects.count() == 0
    assert taken(capsys, ledger)["created"] == len(rows) == Case.objects.count()
    for row in rows[::7]:
        case = Case.objects.get(case_no=row["case_no"])
        assert (case.sex, case.age_years, case.status, case.origin) == (row["sex"], int(row["age_years"]), row["status"], row["origin"])
        assert str(case.onset_on or "") == row["onset_on"] and case.area_path == row["residence_path"][:6]
    assert {case.area_path for case in Case.objects.all()} <= set(panzhihua.COUNTIES)


def test_cases_after_today_are_handed_back_with_a_reason(ledger, capsys):
    with citytime.standing_at(panzhihua.at(1, 20)):
        told = taken(capsys, ledger, "--dry-run")
    assert told["rows"] == told["created"] + told["rejected"] and told["rejected"] > 0
    assert {reason["code"] for reason in told["reasons"]} == {"future"}
