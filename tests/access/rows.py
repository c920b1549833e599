"""One row of any ledger in any area, made from the examples its columns declare."""

from __future__ import annotations

from itertools import count
from typing import Any

from tongchou import areas
from tongchou.access.actions.responsibility import assign_responsibility
from tongchou.access.actor import SYSTEM
from tongchou.ledger import registry, write
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Ledger
from tongchou.outbreak.actions.outbreak import open_outbreak
from tongchou.outbreak.models import Outbreak
from tongchou.refusal import Refusal
from tongchou.scenarios.actions.run import ask_run, cancel_run
from tongchou.tasks.actions.task import open_task

_serial = count(1)


def _responsibility(area: str) -> Any:
    place, post = make_row(registry.get("place"), area), make_row(registry.get("post"), area)
    return assign_responsibility(ledger="place", object_id=str(place.pk), party="territory", post=post, by=SYSTEM)


def _task(area: str) -> Any:
    post = make_row(registry.get("post"), area)
    return open_task(
        kind="check", title="示例任务", post=post, ledger="post", object_id=str(post.pk), area_path=area, key=f"row{next(_serial)}", by=SYSTEM
    )


def _case(area: str) -> Any:
    if not Outbreak.objects.filter(status=Outbreak.Status.OPEN).exists():
        four_ones = {"lead_post": "COMMAND", "task_force": "专班", "plan": "方案", "voice_post": "OFFICE"}
        city = areas.code_of(area[:4])
        given = {"code": "CV-TEST", "name": "测试疫情", "disease": "covid-19", "area_path": city, "begins_on": "2020-01-20"}
        ledger = registry.get("outbreak")
        values = write.clean_row(ledger, {**given, **four_ones}, SYSTEM)
        open_outbreak(outbreak=write.create_rows(ledger, [values], by=SYSTEM)[0], by=SYSTEM)
    return _plain(registry.get("case"), area, 0)


def _comparison(area: str) -> Any:
    sides = [{"name_zh": name, "name_en": name, "text": text} for name, text in (("开放", ""), ("口罩", '[[measure]]\nkind = "masks"\n'))]
    plan = {"city": "ledger", "disease": "sars-cov-2-wild", "starts_on": "2020-02-14", "days": 14, "replicates": 2, "seed": next(_serial)}
    run = ask_run(title="开放 ↔ 口罩", area_path=area, plan={**plan, "sides": sides}, persons=1000, by=SYSTEM)
    return cancel_run(run=run, by=SYSTEM)  # a post may have few of them waiting


# Ledgers whose rows come from an action, or point at another row.
BY_ACTION = {"responsibility": _responsibility, "task": _task, "case": _case, "scenario_run": _comparison}


def make_row(ledger: Ledger, area: str, depth: int = 0) -> Any | None:
    """A saved row in ``area`` (a path), or None for a ledger whose rows are not written as plain data."""
    if ledger.key in BY_ACTION:
        return BY_ACTION[ledger.key](area)
    return _plain(ledger, area, depth)


def _plain(ledger: Ledger, area: str, depth: int) -> Any | None:
    if not ledger.writable or depth > 4:
        return None
    raw = {}
    for column in ledger.editable_columns():
        text = _text(column, area, depth)
        if text is not None:
            raw[column.name] = text
    try:
        values = write.clean_row(ledger, raw, SYSTEM)
        return write.create_rows(ledger, [values], by=SYSTEM)[0]
    except Refusal:
        return None


def _text(column: Column, area: str, depth: int) -> str | None:
    if column.kind == "area":
        return areas.code_of(area)
    if not (column.required or column.identity or column.name == "status"):
        return None
    if column.kind == "ref":
        return _reference(column, area, depth)
    if column.kind == "choice":
        return column.example or column.choice_pairs[0][0]
    if column.identity and column.kind == "text":
        return f"{column.example or column.name}{next(_serial)}"[: column.max_length]
    plain = {"date": "2020-02-10", "datetime": "2020-02-10 09:00", "int": "1", "decimal": "1", "bool": "是"}
    return column.example or plain.get(column.kind, "示例")


def _reference(column: Column, area: str, depth: int) -> str | None:
    target = registry.get(column.to)
    row = make_row(target, area, depth + 1)
    return target.identity_columns()[0].render(target.identity_columns()[0].read(row)) if row is not None else None
