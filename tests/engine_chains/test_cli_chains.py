"""``tongchou chains`` as an analyst calls it: files in, JSON and CSV out, faults named by their line."""

import csv
import json
import re

import pytest

from tongchou.cli.__main__ import main

CASES = """case,onset,report,imported,isolated,note
A,2020-02-01,2020-02-03,1,2020-02-02,x
B,2020-02-05,2020-02-06,0,2020-02-06,
C,2020-02-06,2020-02-08,0,,
D,,2020-02-12,,2020-02-11,
"""
LINKS = "infector,infectee,setting\nA,B,home\nA,C,meal\nC,A,home\nB,Z,home\nA,B,home\n"


@pytest.fixture
def asked(tmp_path, capsys):
    def ask(cases=CASES, links=LINKS, *more):
        (tmp_path / "cases.csv").write_text(cases, encoding="utf-8")
        words = ["chains", str(tmp_path / "cases.csv")]
        if links is not None:
            (tmp_path / "links.csv").write_text(links, encoding="utf-8")
            words.append(str(tmp_path / "links.csv"))
        code = main([*words, *more])
        said = capsys.readouterr()
        return code, said.out, said.err

    return ask


def test_chains_from_two_files(asked):
    code, out, err = asked(CASES, LINKS.replace("C,A,home\n", ""), "--max-incubation", "7", "--json")
    data = json.loads(out)
    assert code == 0 and "note" in err
    assert (data["as_of"], data["cases"], data["imported"], data["local"], data["unknown_origin"]) == (
        "2020-02-12",
        4,
        1,
        2,
        1,
    )
    assert data["links"]["refused"] == {"unknown_case": 1, "itself": 0, "repeated": 1, "impossible_dates": 0, "ring": 0}
    assert data["refused_links"][0] == {"line": 4, "infector": "B", "infectee": "Z", "reason": "unknown_case"}
    assert data["chains"][0] == {
        "chain": 1, "cases": 3, "generations": 1, "first_on": "2020-02-01", "last_on": "2020-02-06", "imported": 1, "open": True,
    }  # fmt: skip
    assert (data["open_chains"], data["cluster_sizes"]) == (2, {"1": 1, "3": 1})
    assert data["settings"] == {"home": 1, "meal": 1}
    assert data["serial_interval"]["mean"] == 4.5
    assert data["offspring"]["reproduction"] == pytest.approx(0.5, rel=1e-5)
    assert data["end"] is None and data["attack_rates"] is None
    assert data["isolation"]["median"] == 1.0


def test_a_ring_is_set_aside_whole(asked):
    _code, out, _err = asked(CASES, LINKS, "--json")
    assert json.loads(out)["links"]["refused"]["ring"] == 2


def test_the_end_by_day_with_a_serial_interval(asked, tmp_path):
    (tmp_path / "si.csv").write_text("k,p\n0,0\n1,0.5\n2,0.5\n", encoding="utf-8")
    _code, out, _err = asked(
        CASES, LINKS, "--si", str(tmp_path / "si.csv"), "--r", "0.8", "--k", "0.5", "--horizon", "5", "--json"
    )
    data = json.loads(out)
    assert [row["date"] for row in data["end"]][::5] == ["2020-02-12", "2020-02-17"]
    # The one case without an onset was reported on the day of asking; the others are older than any serial interval.
    assert data["end"][0]["over"] == pytest.approx((0.5 / 1.3) ** 0.5)
    assert data["end_model"]["from"] == {"reproduction": "given", "dispersion": "given"}


def test_without_links_a_column_of_the_cases_names_the_infectors(asked, tmp_path):
    cases = "case,onset,infector\nA,2020-02-01,\nB,2020-02-04,A\nC,2020-02-06,A;B\n"
    _code, out, _err = asked(cases, None, "--json", "--out", str(tmp_path / "rows.csv"))
    rows = json.loads(out)["case_rows"]
    assert [row["infectors"] for row in rows] == [0, 1, 2]
    assert [row["offspring_expected"] for row in rows] == [1.5, 0.5, 0]
    with (tmp_path / "rows.csv").open(encoding="utf-8-sig") as file:
        assert [row["case"] for row in csv.DictReader(file)] == ["A", "B", "C"]


def test_attack_rates_by_setting(asked, tmp_path):
    (tmp_path / "contacts.csv").write_text("setting,infected\nhome,1\nhome,0\nhome,\nwork,0\n", encoding="utf-8")
    _code, out, _err = asked(CASES, LINKS, "--contacts", str(tmp_path / "contacts.csv"), "--json")
    home = json.loads(out)["attack_rates"][0]
    assert (home["setting"], home["infected"], home["contacts"], home["unknown"], home["rate"]) == (
        "home",
        1,
        2,
        1,
        0.5,
    )


def test_a_person_reads_a_table(asked):
    code, out, _err = asked(
        CASES, LINKS, "--max-incubation", "7", "--si-mean", "4.7", "--si-sd", "2.9", "--r", "1", "--k", "1"
    )
    assert code == 0
    assert "链/chain" in out and "chance that it is over" in out and re.search(r"k \S+ \(\S+–\S+\)", out) and "ring 2" in out


@pytest.mark.parametrize(
    ("cases", "links", "more", "said"),
    [
        ("case,onset\nA,2020-02-01\nA,2020-02-02\n", None, (), ("第 3 行", "line 3", "twice")),
        ("case,onset\n,2020-02-01\n", None, (), ("为空", "line 2")),
        ("case,onset\nA,1 Feb\n", None, (), ("2020-02-14", "line 2")),
        ("case,day\nA,2020-02-01\n", None, (), ("onset", "缺少")),
        ("case,onset,imported\nA,2020-02-01,maybe\n", None, (), ("maybe", "line 2")),
        ("case,onset,infector\nA,2020-02-01,\n", LINKS, (), ("只用一处", "use one of them")),
        (CASES, "infector,infectee,weight\nA,B,0\n", (), ("大于 0", "above 0")),
        (CASES, LINKS, ("--as-of", "2020-02-10"), ("请先去掉", "goes on to 2020-02-12")),
        (CASES, LINKS, ("--as-of", "soon"), ("不是日期", "no date")),
        (CASES, LINKS, ("--si-mean", "4"), ("同时给出", "belong together")),
        (CASES, "infector,infectee\n", (), ("没有数据行", "no line of data")),
        ("case,onset\nA,\n", None, (), ("--as-of", "no date in the file")),
        (CASES, None, ("--si-mean", "4", "--si-sd", "2"), ("--r", "without links")),
        (CASES, LINKS, ("--horizon", "-2"), ("--horizon 不能为负", "--horizon must not be negative")),
        (CASES, LINKS, ("--max-incubation", "-1"), ("不能为负", "--max-incubation must not")),
        (CASES, LINKS, ("--longest-lag", "-1"), ("不能为负", "--longest-lag must not")),
        (CASES, LINKS, ("--si-mean", "inf", "--si-sd", "2"), ("都须有限", "both be finite")),
    ],
)
def test_faults_are_told_in_both_languages(asked, cases, links, more, said):
    code, out, err = asked(cases, links, *more)
    assert code in (1, 2) and out == ""
    assert all(part in err for part in said)
