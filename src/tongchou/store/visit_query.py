"""Who was exposed, as one Ibis expression: the same question on DuckDB, PostgreSQL and PySpark, with no index.

The expression is the plain interval-overlap join of the definition in ``docs/models/contacts.md``. It is what an analyst
uses where visits lie in a warehouse already, and what the index engine is compared with. One setting chooses where it
runs: see ``tongchou.store.visit_engines.open_engine``.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import pyarrow as pa
from ibis import _
from ibis.expr import types as ir

from tongchou.store.visit_engines import VisitEngine, VisitQueryError

#: An end that has not come yet, and a window that is open on a side: beyond any second, yet exact in every backend.
NEVER = 2**53
ANSWER = ("generation", "case", "contact", "overlap_s", "meetings", "first", "last", "places", "is_case")


def contacts_expression(
    visits: ir.Table, cases: ir.Table, *, min_overlap_s: int = 60, generations: int = 1, longest_s: int | None = None
) -> ir.Table:
    """The expression itself; nothing runs until it is executed.

    Args:
        visits: person, place, start, end: integers; a null ``end`` is a visit that goes on, a null ``place`` is unknown and
            meets nobody, a row without person or start is no visit.
        cases: person, begins, ends: one row a case; ``NEVER`` and ``-NEVER`` stand for an open side.
        longest_s: where given, no visit is longer; bounds the range that a B-tree on (place, start) reads.

    Returns:
        generation, case, contact, overlap_s, meetings, first, last, places, is_case.
    """
    least = max(min_overlap_s, 1)
    known = visits.select(
        person=_.person.cast("int64"),
        place=_.place.cast("int64"),
        start=_.start.cast("int64"),
        end=ibis.coalesce(_.end.cast("int64"), ibis.literal(NEVER, "int64")),
    ).filter(_.place.notnull(), _.person.notnull(), _.start.notnull())
    windows = cases.select(case="person", who="person", begins="begins", ends="ends")
    found = first = _gathered(_meetings(known, windows, least, longest_s), generation=1)
    if generations == 2:
        beyond = (
            first.join(cases, first.case == cases.person)
            .select(case=first.case, who=first.contact, begins=first["first"], ends=cases.ends)
        )  # fmt: skip
        named = ibis.union(cases.select(person=_.person), first.select(person=_.contact), distinct=True)
        met = _meetings(known, beyond, least, longest_s)
        found = ibis.union(first, _gathered(met.anti_join(named, met.contact == named.person), generation=2))
    people = cases.select(person="person").distinct()
    flagged = found.left_join(people, found.contact == people.person)
    return flagged.select(*[found[name] for name in ANSWER[:-1]], is_case=people.person.notnull())


def _meetings(known: ir.Table, windows: ir.Table, least: int, longest_s: int | None) -> ir.Table:
    """case, contact, begins, ends of every meeting of the people in ``windows`` (case, who, begins, ends)."""
    own = (
        known.join(windows, known.person == windows.who)
        .select(
            case=windows.case, who=windows.who, place=known.place,
            begins=ibis.greatest(known.start, windows.begins), ends=ibis.least(known.end, windows.ends),
        )
        .filter(_.ends - _.begins >= least)
    )  # fmt: skip
    other = known.view()
    touching = [own.place == other.place, own.who != other.person, other.start < own.ends, other.end > own.begins]
    if longest_s is not None:
        touching.append(other.start > own.begins - longest_s)
    return (
        own.join(other, touching)
        .select(
            case=own.case, contact=other.person, place=own.place,
            begins=ibis.greatest(own.begins, other.start), ends=ibis.least(own.ends, other.end),
        )
        .filter(_.ends - _.begins >= least)
    )  # fmt: skip


def _gathered(meetings: ir.Table, *, generation: int) -> ir.Table:
    """One line for each case and contact."""
    return (
        meetings.group_by("case", "contact")
        .aggregate(
            overlap_s=(_.ends - _.begins).sum().cast("int64"), meetings=_.count().cast("int64"),
            first=_.begins.min(), last=_.ends.max(), places=_.place.nunique().cast("int64"),
        )
        .select(ibis.literal(generation, "int64").name("generation"), *ANSWER[1:-1])
    )  # fmt: skip


def find_contacts_sql(
    engine: VisitEngine,
    cases: Sequence[tuple[int, int | None, int | None]],
    *,
    min_overlap_s: int = 60,
    generations: int = 1,
) -> pa.Table:
    """Everyone who met the cases within their windows, and with ``generations=2`` whom these met afterwards.

    Args:
        cases: (person, begins, ends) of each case in the visits' seconds, one row a person; None is open on that side.
        min_overlap_s: the shortest meeting that counts, after clipping to the window; a meeting of no length never counts.

    Returns:
        An Arrow table with the columns of ``ANSWER``, in order of generation, case and contact.

    Raises:
        VisitQueryError: where a person is given two windows, or ``generations`` is neither 1 nor 2.
    """
    if generations not in (1, 2):
        raise VisitQueryError("只能查一代或二代接触者。", "One or two generations can be asked for.", code="generations")
    people = [person for person, _begins, _ends in cases]
    if len(set(people)) != len(people):
        raise VisitQueryError(
            "同一病例出现两次：请合并为一个时间窗。", "A case is given twice: merge its rows into one window.", code="case_twice"
        )
    columns = {
        "person": pa.array(people, pa.int64()),
        "begins": pa.array([-NEVER if begins is None else begins for _p, begins, _e in cases], pa.int64()),
        "ends": pa.array([NEVER if ends is None else ends for _p, _b, ends in cases], pa.int64()),
    }
    table = ibis.memtable(pa.table(columns))
    found = contacts_expression(
        engine.visits, table, min_overlap_s=min_overlap_s, generations=generations, longest_s=engine.longest_s
    )
    answer = engine.connection.to_pyarrow(found.order_by("generation", "case", "contact"))
    return answer.cast(pa.schema([(name, pa.bool_() if name == ANSWER[-1] else pa.int64()) for name in ANSWER]))


def cases_without_visits(engine: VisitEngine, people: Sequence[int]) -> list[int]:
    """Those of ``people``, in their order, of whom the engine holds no visit at all: no answer about them is good news."""
    asked = ibis.memtable(pa.table({"person": pa.array(people, pa.int64())}))
    visits = engine.visits.filter(_.person.notnull(), _.place.notnull(), _.start.notnull(), _.end.isnull() | (_.end >= _.start))
    known = asked.semi_join(visits.select(person=_.person.cast("int64")), "person")
    seen = set(engine.connection.to_pyarrow(known)["person"].to_pylist())
    return [person for person in people if person not in seen]
