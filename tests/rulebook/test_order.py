"""Whatever rows there are: one winner an id, the order is total, and the reason given is the true one."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from tongchou.rulebook.packs import Packs
from tongchou.rulebook.reader import Book
from tongchou.rulebook.rows import Row, Scope

FIRST = date(2020, 1, 1)
AREAS = ("", "51", "5104", "510402", "37")
BASE = Row(
    rule_id="r", version="", scope=Scope(), value={"n": 1}, valid_from_on=FIRST, valid_to_on=None,
    known_from_at=datetime(2020, 1, 1, tzinfo=UTC), known_to_at=None, mark="seen", source=("S1",), source_text="",
    label_zh="试", label_en="trial",
)  # fmt: skip


@st.composite
def rows(draw) -> list[Row]:
    found = []
    for number in range(draw(st.integers(0, 12))):
        start = FIRST + timedelta(days=draw(st.integers(0, 30)))
        length = draw(st.none() | st.integers(0, 20))
        known = BASE.known_from_at + timedelta(days=draw(st.integers(0, 30)))
        closed = draw(st.none() | st.integers(0, 10))
        scope = Scope(
            draw(st.sampled_from(AREAS)), draw(st.sampled_from(("", "covid-19", "flu"))), draw(st.sampled_from(("", "key"))),
            draw(st.sampled_from(("", "retail"))), draw(st.sampled_from(("", "pupil"))),
        )  # fmt: skip
        found.append(
            replace(
                BASE, version=f"v{number}", scope=scope, own=draw(st.booleans()), valid_from_on=start,
                valid_to_on=None if length is None else start + timedelta(days=length), known_from_at=known,
                known_to_at=None if closed is None else known + timedelta(days=closed), rule_id=draw(st.sampled_from(("r", "s"))),
            )  # fmt: skip
        )
    return found


@settings(max_examples=80, deadline=None)
@given(rows(), st.integers(0, 40), st.sampled_from(AREAS), st.none() | st.integers(0, 40), st.randoms(use_true_random=False))
def test_exactly_one_winner_and_a_total_order(made: list[Row], day: int, area: str, known: int | None, shuffler):
    on, known_on = FIRST + timedelta(days=day), None if known is None else FIRST + timedelta(days=known)
    ask = {"area": area, "known_on": known_on, "sector": "retail", "firm_class": "key"}
    answers = Book(Packs(), made).at(on, **ask).find("")
    mixed = list(made)
    shuffler.shuffle(mixed)
    again = Book(Packs(), mixed).at(on, **ask).find("")
    assert [(one.rule_id, one.version) for one in answers] == [(one.rule_id, one.version) for one in again]
    assert len({one.rule_id for one in answers}) == len(answers)
    for answer in answers:
        assert answer.row.in_force(on) and answer.row.known(known_on)
        assert area.startswith(answer.row.scope.area)
        assert answer.row.scope.group == ""  # nobody asked for a group, so no row of one may answer
        keys = [answer.row.order_key(), *(beaten.row.order_key() for beaten in answer.beaten)]
        assert keys == sorted(keys, reverse=True) and len(set(keys)) == len(keys)
        for beaten in answer.beaten:
            assert beaten.zh.startswith(f"{answer.version} 优先于 {beaten.version}")
            assert beaten.en.startswith(f"{answer.version} goes before {beaten.version}: ")


def test_the_steps_in_the_stated_order():
    """Each row beats all the rows after it, and says by which step."""
    def row(name: str, scope: Scope, **changed) -> Row:
        return replace(BASE, version=name, scope=scope, **changed)

    later = {"valid_from_on": date(2020, 1, 5)}
    known = {"known_from_at": datetime(2020, 1, 9, tzinfo=UTC)}
    ladder = [
        (row("county", Scope("510402")), "地区更具体", "its area is more specific"),
        (row("city, disease", Scope("5104", "covid-19")), "写明了病种", "it names the disease"),
        (row("city, firm class", Scope("5104", "", "key")), "写明了企业类别", "it names the class of firm"),
        (row("city, sector", Scope("5104", "", "", "retail")), "写明了行业", "it names the sector"),
        (row("city, group", Scope("5104", "", "", "", "pupil")), "写明了人群", "it names the group of people"),
        (row("city, own", Scope("5104"), own=True), "本市自行确定", "the city's own row"),
        (row("city, later", Scope("5104"), **later), "生效日更晚", "it came into force later"),
        (row("city, known later", Scope("5104"), **known), "获知时间更晚", "it became known later"),
        (row("city", Scope("5104")), "", ""),
    ]
    for position, (winner, zh, en) in enumerate(ladder[:-1]):
        rest = [one for one, _, _ in ladder[position:]]
        rules = Book(Packs(), reversed(rest)).at(date(2020, 1, 10), area="510402", firm_class="key", sector="retail", group="pupil")
        answer = rules.get("r")
        assert answer.version == winner.version
        assert zh in answer.beaten[0].zh
        assert en in answer.beaten[0].en
