"""Put staged rows into the ledger, in batches that survive a kill, and take a whole import back again."""

from __future__ import annotations

import json
import time
from collections.abc import Iterable, Mapping, Sequence
from contextlib import closing
from functools import partial
from typing import Any

from django.db import transaction
from django.db.models import Max, ProtectedError

from tongchou import areas, audit, citytime, insert, jobs
from tongchou.access.actor import SYSTEM, Actor
from tongchou.files import store
from tongchou.ledger import registry, write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange import judging, ready, staging
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

Outcome = ImportRow.Outcome
#: ledgers of the trail under which areas change, and who may write where
_RIGHTS_AND_AREAS = ("area", "post", "user", "responsibility")


def confirm_import(*, source: Import, by: Actor) -> Any:
    """Let a staged import in: a job writes it batch by batch. Raises Refusal where it is not waiting for that."""
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=source.pk)
        if held.state != Import.State.STAGED:
            raise _not_in_state(held, "确认", "confirmed")
        _own(held, by)
        held.state = Import.State.APPLYING
        held.save(update_fields=["state"])
        audit.record("import.confirm", ledger=held.ledger, object_id=str(held.pk), by=by.by, count=held.rows)
        return jobs.ask("import.apply", by=by.by, key=f"import:{held.pk}", source=str(held.pk))


def drop_import(*, source: Import, by: Actor) -> None:
    """Give a staged import up: its rows go, the account of the file stays."""
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=source.pk)
        if held.state != Import.State.STAGED:
            raise _not_in_state(held, "放弃", "dropped")
        _own(held, by)
        held.lines.all().delete()
        _forget_files(held)
        held.state, held.finished_at = Import.State.DROPPED, citytime.now()
        held.save(update_fields=["state", "finished_at"])
        audit.record("import.drop", ledger=held.ledger, object_id=str(held.pk), by=by.by)


def apply_now(*, source: Import, by: Actor) -> None:
    """Confirm an import and write it here and now, for the terminal; a kill leaves the job for the worker to resume."""
    job = confirm_import(source=source, by=by)
    while True:
        worked = jobs.run(until_idle=True, periodic=False)
        job.refresh_from_db()
        if job.over or job.error:
            break
        if not worked:
            time.sleep(0.2)  # a running worker has taken it, or it waits for its next start
    if job.state != jobs.JobState.DONE:
        raise Refusal(
            f"写入没有完成：{job.message_zh or job.error}。已写入的批次保留，修正后可在任务列表中重新开始。",
            f"Writing did not finish: {job.message_en or job.error}. Batches already written stay; start the job again once mended.",
            code="apply_failed",
        )


def take_upload(*, ledger: Ledger, file_name: str, chunks: Iterable[bytes], map_name: str, by: Actor) -> Import:
    """Keep an uploaded file sealed and let a job read it, so that a long sheet holds up no page."""
    name = store.keep(chunks)
    with transaction.atomic():
        source = staging.begin_import(ledger, file_name=file_name, by=by, map_name=map_name, stored=name)
        ask_staging(source=source, by=by)
    return source


def ask_staging(*, source: Import, by: Actor, map_name: str | None = None) -> None:
    """Read the stored file (again, with another mapping). Raises Refusal where it is past that."""
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=source.pk)
        _own(held, by)
        if held.state not in (Import.State.STAGING, Import.State.STAGED, Import.State.REFUSED) or not store.exists(held.stored):
            raise _not_in_state(held, "重新读取", "read again")
        held.mapping, held.state = held.mapping if map_name is None else map_name, Import.State.STAGING
        held.save(update_fields=["mapping", "state"])
        jobs.ask("import.stage", by=by.by, source=str(held.pk))


@jobs.handler("import.stage")
def stage_upload(run: jobs.Run) -> dict[str, Any]:
    """Read a stored file into staged rows; a kill starts the reading anew, nothing is in the ledger yet."""
    source = Import.objects.get(pk=run.args["source"])
    if source.state != Import.State.STAGING:
        return {}
    with store.opened(source.stored) as path:
        staging.stage_into(source, path, by=ready.writer_of(source))
    return {"rows": source.rows, "state": source.state}


@jobs.handler("import.apply")
def apply_import(run: jobs.Run) -> dict[str, Any]:
    """Write staged rows after the stored cursor, at most 500 a transaction, each row with its line of the trail."""
    source = Import.objects.get(pk=run.args["source"])
    ledger, by = registry.get(source.ledger), ready.writer_of(source)
    waiting = source.lines.filter(outcome__in=(Outcome.CREATE, Outcome.UPDATE))
    total = waiting.count()
    done = waiting.filter(row__lte=run.cursor.get("row", 0)).count()
    areas.tree()  # read outside a transaction it is kept, so that no batch reads it anew
    with insert.rare_checkpoints(), closing(ready.Supply(source, ledger, by)) as supply:
        while (batch := supply.after(run.cursor.get("row", 0), moved=run.cursor.get("moved", False))).last > batch.after:
            with transaction.atomic():
                moved = _moved(source, ledger, run.cursor)
                done += _apply_batch(source, ledger, by, batch, moved)
                run.save({"row": batch.last, "position": audit.hold(), "moved": moved}, done=done, total=total)
    with transaction.atomic():
        result = _finish(source, by)
        run.finish(result)
    return result


def undo_import(*, source: Import, by: Actor) -> int:
    """Take a whole import back while nothing later touches its rows. Returns rows undone; raises Refusal else."""
    with transaction.atomic():
        held = Import.objects.select_for_update().get(pk=source.pk)
        if held.state != Import.State.DONE:
            raise _not_in_state(held, "撤销", "undone")
        _own(held, by)
        ledger = registry.get(held.ledger)
        lines = list(held.lines.filter(outcome__in=(Outcome.CREATE, Outcome.UPDATE)).order_by("-row"))
        _demand_untouched(held, ledger, lines)
        for start in range(0, len(lines), write.BATCH_ROWS):
            _undo_batch(ledger, lines[start : start + write.BATCH_ROWS], by)
        held.state, held.finished_at = Import.State.UNDONE, citytime.now()
        held.save(update_fields=["state", "finished_at"])
        audit.record("import.undo", ledger=held.ledger, object_id=str(held.pk), by=by.by, count=max(1, len(lines)))
    return len(lines)


def rows_written(source: Import) -> int:
    """How many rows the job of an import has written so far."""
    job = jobs.Job.objects.filter(key=f"import:{source.pk}").first()
    return job.done if job is not None and job.done else 0


def account(source: Import, *, most_reasons: int = 1000) -> dict[str, Any]:
    """The import's account as commands and the API print it."""
    rejected = source.lines.filter(outcome=Outcome.REJECT).order_by("row").values_list("reasons", flat=True)
    return {
        "id": str(source.pk), "ledger": source.ledger, "file": source.file_name, "state": source.state,
        "rows": source.rows, "created": source.created, "updated": source.updated,
        "unchanged": source.unchanged, "rejected": source.rejected,
        "refused": source.refusal or None, "ignored_columns": source.ignored,
        "reasons": [reason for reasons in rejected[:most_reasons] for reason in reasons],
    }  # fmt: skip


def _moved(source: Import, ledger: Ledger, cursor: Mapping[str, Any]) -> bool:
    """Whether anything on which a judgement hangs was written since, other than this import's own batches, or the day changed.

    A row of a ledger that stands alone is judged by that ledger, those that it refers to, the areas, and the writer's own rights.
    """
    about = {ledger.key, *(column.to for column in ledger.columns if column.to), *_RIGHTS_AND_AREAS} if ledger.stands_alone else None
    since = cursor.get("position", source.judged_position)
    audit.hold()
    written = cursor.get("moved", False) or audit.written_since(since, besides=str(source.pk), about=about)
    return written or source.judged_on != citytime.today()


def _apply_batch(source: Import, ledger: Ledger, by: Actor, batch: ready.Ready, moved: bool) -> int:
    """Write what stands ready; where the ledger moved since the dry run, judge once more against it as it is now. Returns rows dealt with."""
    if batch.new is not None and not moved:
        if batch.new and ledger.stands_alone:
            write.insert_lines(ledger, batch.new, batch.told, by=by)
        elif batch.new:
            write.insert_rows(ledger, batch.new, by=by)
        return len(batch.new)
    read = source.lines.filter(row__gt=batch.after, row__lte=batch.last).order_by("row").defer("before", "content", "differs")
    lines = [line for line in read if line.outcome in (Outcome.CREATE, Outcome.UPDATE)]
    raws: list[Any] = [(line.row, line.parsed(), []) for line in lines]
    judged = judging.judge(ledger, raws, by, {})
    creates, updates, otherwise = [], [], []
    for line, one in zip(lines, judged, strict=True):
        if one.outcome == Outcome.CREATE == line.outcome:
            one.built.pk = one.built._meta.pk.to_python(line.object_id)
            creates.append(one.built)
            continue
        line.outcome, line.reasons, line.object_id, line.differs = one.outcome, one.reasons, one.object_id, one.differs
        otherwise.append(line)
        if one.outcome == Outcome.CREATE:
            creates.append(one.built)
        elif one.outcome == Outcome.UPDATE:
            updates.append((line, one.values))
    if creates:
        write.insert_rows(ledger, creates, by=by)
    if updates:
        _change(ledger, updates, by)
    if otherwise:
        fields = ["outcome", "reasons", "object_id", "differs", "before"]
        ImportRow.objects.bulk_create(otherwise, update_conflicts=True, unique_fields=["id"], update_fields=fields)
    return len(lines)


def _change(ledger: Ledger, updates: Sequence[tuple[ImportRow, Mapping[str, Any]]], by: Actor) -> None:
    """Write changes, keeping in each line what they replace."""
    rows = {str(row.pk): row for row in ledger.model._default_manager.filter(pk__in=[line.object_id for line, _v in updates])}
    for line, values in updates:
        # what is given once only is the same in both, and an undo may not set it
        columns = [column for name in values if not (column := ledger.column(name)).create_only]
        line.before = json.dumps({column.name: column.render(column.read(rows[line.object_id])) for column in columns}, ensure_ascii=False)
    write.change_rows(ledger, [(rows[line.object_id], values) for line, values in updates], by=by)


def _finish(source: Import, by: Actor) -> dict[str, Any]:
    counts = {name: source.lines.filter(outcome=name).count() for name in Outcome.values}
    for name, number in counts.items():
        setattr(source, name, number)
    source.state, source.finished_at = Import.State.DONE, citytime.now()
    source.save()
    _forget_files(source)
    audit.record("import.done", ledger=source.ledger, object_id=str(source.pk), by=by.by, count=max(1, source.rows))
    return counts


def _forget_files(source: Import) -> None:
    for name in (source.stored, source.made):
        transaction.on_commit(partial(store.forget, name))


def _undo_batch(ledger: Ledger, lines: Sequence[ImportRow], by: Actor) -> None:
    rows = {str(row.pk): row for row in ledger.model._default_manager.filter(pk__in=[line.object_id for line in lines])}
    created = [rows[line.object_id] for line in lines if line.outcome == Outcome.CREATE]
    ledger.removed(created, by)
    events = []
    for line in lines:
        row = rows[line.object_id]
        if line.outcome == Outcome.CREATE:
            try:
                row.delete()
            except ProtectedError as error:
                raise Refusal(
                    f"第 {line.row} 行新增的记录已被别的记录引用，整份导入不能撤销。",
                    f"The record that row {line.row} created is referred to by others; the import cannot be undone.",
                    code="referred_to",
                ) from error
        else:
            before = write.clean_row(ledger, json.loads(line.before), SYSTEM, creating=False)
            write.apply_values(ledger, row, before, by)
            row.save()
        events.append(audit.Event("import.undo", ledger.key, line.object_id, by.by, note=f"{line.source_id}:{line.row}"))
    audit.record_many(events)


def _demand_untouched(source: Import, ledger: Ledger, lines: Sequence[ImportRow]) -> None:
    finished = audit.timeline(ledger.key, str(source.pk)).filter(action="import.done").aggregate(at=Max("position"))["at"]
    for start in range(0, len(lines), write.BATCH_ROWS):
        ids = [line.object_id for line in lines[start : start + write.BATCH_ROWS]]
        later = audit.touched_after(ledger.key, ids, finished)
        if later:
            line = next(line for line in lines if line.object_id in later)
            raise Refusal(
                f"第 {line.row} 行写入的记录之后又被改动，整份导入不能撤销；请逐条更正。",
                f"The record of row {line.row} was changed after the import, which can no longer be undone as a whole; correct rows one by one.",
                code="touched_later",
            )


def _own(source: Import, by: Actor) -> None:
    if source.post_id != by.post_id and by is not SYSTEM:
        raise Refusal("只有发起导入的岗位可以办理这一步。", "Only the post that started the import may do this.", code="forbidden")


def _not_in_state(source: Import, zh: str, en: str) -> Refusal:
    return Refusal(
        f"这份导入现在是“{source.get_state_display()}”，不能{zh}。", f"This import is {source.state!r} and cannot be {en}.", code="wrong_state"
    )
