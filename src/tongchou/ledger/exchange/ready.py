"""Staged rows that nothing has touched since they were judged, ready to be written.

Of a ledger that stands alone judging makes each new row as it will be stored; that is put by in the file store, sealed,
and read back batch by batch. Where it is missing, and for other ledgers, the row is made again from what was staged.
Either may be written only while nothing has moved since the file was judged.
"""

from __future__ import annotations

import json
import pickle
from collections.abc import Callable, Generator, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from cryptography.exceptions import InvalidTag

from tongchou import insert
from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post, User
from tongchou.access.sealed import current_key, unseal_many
from tongchou.files import store
from tongchou.ledger import write
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange.judging import Outcome, Staged
from tongchou.ledger.models import Import, ImportRow
from tongchou.refusal import Refusal

_UNTOUCHED = (Outcome.CREATE, Outcome.UNCHANGED, Outcome.REJECT)


@dataclass
class Ready:
    """The sheet's rows after ``after`` up to ``last``, the new ones of them in ``new``: None where they must be judged anew.

    A ledger that stands alone has them as they are stored (``insert.lines_of``), with what the trail will tell of them.
    """

    after: int
    last: int
    new: list[Any] | None
    told: list[write.Told] = field(default_factory=list)


class _PutBy(NamedTuple):
    """One batch in the store; ``key`` names the one under which its values are sealed."""

    key: bytes
    after: int
    last: int
    new: list[list[Any]]
    told: list[write.Told]


@contextmanager
def making(source: Import, ledger: Ledger) -> Iterator[Callable[[Sequence[Staged]], None]]:
    """Give what puts by the new rows of each batch as it was judged; after the block ``source.made`` says where they lie."""
    if not ledger.stands_alone:
        yield lambda staged: None
        return
    with store.keeping() as kept:
        after, key = 0, current_key()

        def put_by(staged: Sequence[Staged]) -> None:
            nonlocal after
            last = staged[-1].row
            # a row to be changed is judged anew; a key replaced meanwhile may have sealed some rows already
            if all(one.outcome in _UNTOUCHED for one in staged) and current_key() == key:
                made = [one.made for one in staged if one.made is not None]
                batch = _PutBy(key, after, last, [line for line, _told in made], [told for _line, told in made])
                kept.write(pickle.dumps(tuple(batch), pickle.HIGHEST_PROTOCOL))
            after = last

        yield put_by
    source.made = kept.name


class Supply:
    """Batches of one import in the order of its rows."""

    def __init__(self, source: Import, ledger: Ledger, by: Actor) -> None:
        self._source, self._ledger, self._by = source, ledger, by
        self._read: write.Read = {}
        self._put_by = _put_by(source.made)
        self._next = next(self._put_by, None)

    def after(self, row: int, *, moved: bool) -> Ready:
        """The batch after a row. Where the ledger has moved nothing stands ready any more."""
        if moved:
            rows = list(self._source.lines.filter(row__gt=row).order_by("row").values_list("row", flat=True)[: write.BATCH_ROWS])
            return Ready(row, rows[-1] if rows else row, None)
        while self._next is not None and self._next.after < row:
            self._next = next(self._put_by, None)
        if self._next is not None and (self._next.key, self._next.after) == (current_key(), row):
            return Ready(row, self._next.last, self._next.new, self._next.told)
        return make_ready(self._source, self._ledger, self._by, row, self._read)

    def close(self) -> None:
        self._put_by.close()


def _put_by(name: str) -> Generator[_PutBy, None, None]:
    if not name:
        return
    try:
        with store.reading(name) as stream:
            while True:
                yield _PutBy(*pickle.load(stream))  # noqa: S301 - sealed by this city, or it would not open
    except (OSError, EOFError, InvalidTag, pickle.UnpicklingError):
        return  # at its end, gone or damaged: what it lacks is made again


def make_ready(source: Import, ledger: Ledger, by: Actor, after: int, read: write.Read) -> Ready:
    """The next batch of lines, built as new rows; ``read`` serves all batches of an import."""
    lines = source.lines.filter(row__gt=after).order_by("row").values_list("pk", "values", "object_id", "row", "outcome")
    batch = list(lines[: write.BATCH_ROWS])
    last = batch[-1][3] if batch else after
    if any(outcome not in _UNTOUCHED for *_line, outcome in batch):
        return Ready(after, last, None)
    new = [line for line in batch if line[4] == ImportRow.Outcome.CREATE]
    texts = unseal_many(ImportRow._meta.get_field("values"), ((pk, values) for pk, values, *_rest in new))
    cleaned = write.clean_rows(ledger, [json.loads(text) for text in texts], by, read=read)
    key: Any = ledger.model._meta.pk
    try:
        if any(one.problems for one in cleaned):
            return Ready(after, last, None)
        rows = [write.build_row(ledger, one.values, by, pk=key.to_python(line[2])) for one, line in zip(cleaned, new, strict=True)]
    except Refusal:
        return Ready(after, last, None)  # what refuses the row is found again, and told, when it is judged anew
    if not ledger.stands_alone:
        return Ready(after, last, rows)
    told = write.told_of(ledger, rows)  # asked for before their values are sealed
    return Ready(after, last, insert.lines_of(ledger.model, rows), told)


def writer_of(source: Import) -> Actor:
    """The post and user who confirmed, with the rights they have now. Raises Refusal where the post is gone."""
    if not source.post_id or source.post_id == SYSTEM.post_id:
        return SYSTEM
    post = Post.objects.filter(pk=source.post_id).first()
    if post is None:
        raise Refusal("发起导入的岗位已不存在，请由现任岗位重新导入。", "The post that started this import is gone; import again as a present post.", code="no_post")
    user = User.objects.filter(pk=source.user_id).first() if source.user_id else None
    return Actor.of_post(post, user, purpose="import")
