"""Staged rows that nothing has touched since they were judged, made ready to be written.

Making ready reads and computes, and writes nothing, so a second process may do it ahead of the one that writes
(``tongchou.jobs.ahead``). What is ready may be written only while nothing has moved since the file was judged.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from tongchou import areas, audit, insert
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post, User
from tongchou.access.sealed import current_key, unseal_many
from tongchou.jobs.ahead import Ahead
from tongchou.ledger import registry, write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

#: fewer rows are written sooner than a second process has started
AHEAD_ROWS = 10_000
_UNTOUCHED = (ImportRow.Outcome.CREATE, ImportRow.Outcome.UNCHANGED, ImportRow.Outcome.REJECT)


@dataclass
class Ready:
    """The sheet's rows after ``after`` up to ``last``, the new ones of them in ``new``: None where they must be judged anew.

    A ledger that stands alone has them as they are stored (``insert.lines_of``), with what the trail will tell of them.
    """

    after: int
    last: int
    new: list[Any] | None
    events: list[audit.Event]


class Supply:
    """Batches of one import in the order of its rows; a second process works ahead where that pays."""

    def __init__(self, source: Import, ledger: Ledger, by: Actor, *, waiting: int) -> None:
        self._source, self._ledger, self._by = source, ledger, by
        self._read: write.Read = {}
        pays = waiting >= AHEAD_ROWS and ledger.stands_alone
        self._ahead = Ahead("tongchou.ledger.exchange.ready:packed_batches", source=str(source.pk)) if pays else None

    def after(self, row: int, *, moved: bool) -> Ready:
        """The batch after a row. Where the ledger has moved nothing is made ready any more, here or ahead."""
        if moved:
            self.close()
            rows = list(self._source.lines.filter(row__gt=row).order_by("row").values_list("row", flat=True)[: write.BATCH_ROWS])
            return Ready(row, rows[-1] if rows else row, None, [])
        if self._ahead is not None and self._ahead.started(after=row):
            packed = self._ahead.take()
            if packed is not None and packed[:2] == (current_key(), row):
                return self._unpacked(*packed[1:])
            self.close()
        return make_ready(self._source, self._ledger, self._by, row, self._read)

    def close(self) -> None:
        if self._ahead is not None:
            self._ahead.close()
            self._ahead = None

    def _unpacked(self, after: int, last: int, new: list[Any] | None, told: list[tuple[str, str, str]]) -> Ready:
        who = self._by.by
        return Ready(after, last, new, [audit.Event("create", self._ledger.key, object_id, who, area, changes) for object_id, area, changes in told])


def make_ready(source: Import, ledger: Ledger, by: Actor, after: int, read: write.Read) -> Ready:
    """The next batch of lines, built as new rows; ``read`` serves all batches of an import."""
    lines = source.lines.filter(row__gt=after).order_by("row").values_list("pk", "values", "object_id", "row", "outcome")
    batch = list(lines[: write.BATCH_ROWS])
    last = batch[-1][3] if batch else after
    if any(outcome not in _UNTOUCHED for *_line, outcome in batch):
        return Ready(after, last, None, [])
    new = [line for line in batch if line[4] == ImportRow.Outcome.CREATE]
    texts = unseal_many(ImportRow._meta.get_field("values"), ((pk, values) for pk, values, *_rest in new))
    cleaned = write.clean_rows(ledger, [json.loads(text) for text in texts], by, read=read)
    key: Any = ledger.model._meta.pk
    try:
        if any(one.problems for one in cleaned):
            return Ready(after, last, None, [])
        rows = [write.build_row(ledger, one.values, by, pk=key.to_python(line[2])) for one, line in zip(cleaned, new, strict=True)]
    except Refusal:
        return Ready(after, last, None, [])  # what refuses the row is found again, and told, when it is judged anew
    if not ledger.stands_alone:
        return Ready(after, last, rows, [])
    events = write.created_events(ledger, rows, by)  # asked for before their values are sealed
    return Ready(after, last, insert.lines_of(ledger.model, rows), events)


def packed_batches(*, source: str, after: int) -> Iterator[tuple[Any, ...]]:
    """What the second process does: the batches after a row, packed under the key that sealed them, up to the last one, which is empty."""
    held = Import.objects.get(pk=source)
    ledger, by, read = registry.get(held.ledger), writer_of(held), write.Read()
    areas.tree()
    while True:
        key = current_key()
        ready = make_ready(held, ledger, by, after, read)
        told = [(event.object_id, event.area, audit.written(event.changes)) for event in ready.events]
        yield key, ready.after, ready.last, ready.new, told
        if ready.last == after:
            return
        after = ready.last


def writer_of(source: Import) -> Actor:
    """The post and user who confirmed, with the rights they have now. Raises Refusal where the post is gone."""
    if not source.post_id or source.post_id == SYSTEM.post_id:
        return SYSTEM
    post = Post.objects.filter(pk=source.post_id).first()
    if post is None:
        raise Refusal("发起导入的岗位已不存在，请由现任岗位重新导入。", "The post that started this import is gone; import again as a present post.", code="no_post")
    user = User.objects.filter(pk=source.user_id).first() if source.user_id else None
    return Actor.of_post(post, user, purpose="import")
