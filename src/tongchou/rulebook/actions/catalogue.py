"""Writes the rulebook out as a flat list, so that the ledger kernel can list, filter, export and serve it."""

from __future__ import annotations

from functools import lru_cache
from hashlib import sha256

from django.db import transaction

from tongchou import rulebook
from tongchou.rulebook import packs as pack_files
from tongchou.rulebook import words
from tongchou.rulebook.models import RulebookState, RuleEntry
from tongchou.rulebook.packs import FOLDER, Packs
from tongchou.rulebook.rows import Row

STATE = "rulebook"
BATCH_ROWS = 200


def keep_listed() -> None:
    """Bring the list up to date where the packs or the city's rows have changed since; one small query otherwise.

    Called by whoever reads the list. It writes derived rows only, so it needs nobody's right and leaves no trail.
    """
    state = RulebookState.objects.filter(name=STATE).first()
    if state is not None and state.listed == _fingerprint(state.stamp):
        return
    with transaction.atomic():
        RulebookState.objects.get_or_create(name=STATE, defaults={"stamp": ""})
        state = RulebookState.objects.select_for_update().get(name=STATE)
        fingerprint = _fingerprint(state.stamp)
        if state.listed != fingerprint:
            _write()
            state.listed = fingerprint
            state.save(update_fields=["listed"])


def _write() -> None:
    packs = pack_files.shipped()
    book = rulebook.book()
    wanted = {_origin(row): row for rule_id in book.ids() for row in book.rows_of(rule_id)}
    stored = {entry.origin: entry for entry in RuleEntry.objects.all()}
    RuleEntry.objects.filter(origin__in=[origin for origin in stored if origin not in wanted]).delete()
    fresh, changed = [], []
    for origin, row in wanted.items():
        values = _values(row, packs)
        entry = stored.get(origin)
        if entry is None:
            fresh.append(RuleEntry(origin=origin, **values))
        elif any(getattr(entry, name) != value for name, value in values.items()):
            for name, value in values.items():
                setattr(entry, name, value)
            changed.append(entry)
    RuleEntry.objects.bulk_create(fresh, batch_size=BATCH_ROWS)
    if changed:
        RuleEntry.objects.bulk_update(changed, list(_values(next(iter(wanted.values())), packs)), batch_size=50)


def _values(row: Row, packs: Packs) -> dict[str, object]:
    kind = packs.kinds.get(row.rule_id)
    shape = packs.shapes[kind.shape] if kind else None
    return {
        "rule_id": row.rule_id,
        "version": row.version,
        "area_path": row.scope.area,
        "disease": row.scope.disease,
        "firm_class": row.scope.firm_class,
        "sector": row.scope.sector,
        "group": row.scope.group,
        "label_zh": row.label_zh,
        "label_en": row.label_en,
        "value_zh": words.as_text(shape, row.value, "zh"),
        "value_en": words.as_text(shape, row.value, "en"),
        "valid_from_on": row.valid_from_on,
        "valid_to_on": row.valid_to_on,
        "known_from_at": row.known_from_at,
        "known_to_at": row.known_to_at,
        "mark": row.mark,
        "source": "; ".join([*row.source, *([row.source_text] if row.source_text else [])]),
        "own": row.own,
        "pack": packs.labels[kind.file][0] if kind else "",
    }


def _origin(row: Row) -> str:
    return row.row_id or row.version


def _fingerprint(stamp: str) -> str:
    return sha256(f"{_packs_digest()}|{stamp}".encode()).hexdigest()


@lru_cache(maxsize=1)
def _packs_digest() -> str:
    """Of the shipped files as this process read them."""
    digest = sha256()
    for path in sorted(FOLDER.glob("*.toml")):
        digest.update(path.read_bytes())
    return digest.hexdigest()
