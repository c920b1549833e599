"""Changes of state of a person's row: merging two rows of one person, taking that back, leaving, dying."""

from __future__ import annotations

from datetime import datetime

from django.db import transaction

from tongchou import audit, citytime
from tongchou.access.actor import Actor
from tongchou.access.sealed import blind_index
from tongchou.ledger import registry
from tongchou.people.actions.household import recount_members
from tongchou.people.errors import PeopleError
from tongchou.people.models import Person, PersonMerge

_INDEXED = ("id_no", "phone", "address")
_LINKS = {"household_id": "household", "workplace_id": "workplace"}
_FILLABLE = (
    "id_no", "phone", "address", "born_on", "household_id", "relation", "registered_area_path",
    "occupation", "industry", "workplace_id", "user_id",
)  # fmt: skip


@transaction.atomic
def merge_persons(*, keep: Person, drop: Person, by: Actor) -> PersonMerge:
    """Say that two rows are one person. ``keep`` speaks from now on; ``drop`` stays and points to it.

    Nothing that points at ``drop`` is moved, so taking the merge back needs no repair: readers follow
    ``Person.standing()``. Blank fields of ``keep`` are filled from ``drop`` and remembered by name.

    Raises:
        PeopleError: same row, a row that is merged already, or two different identity numbers.
    """
    keep, drop = _locked(keep, drop)
    _check_merge(keep, drop)
    filled = [name for name in _FILLABLE if not getattr(keep, name) and getattr(drop, name)]
    if keep.sex == Person.Sex.UNKNOWN and drop.sex != Person.Sex.UNKNOWN:
        filled.append("sex")
    for name in filled:
        setattr(keep, name, getattr(drop, name))
    now = citytime.now()
    merge = PersonMerge.objects.create(
        keep=keep, drop=drop, status_before=drop.status, filled=filled, merged_at=now, merged_by_post=by.post_id
    )
    drop.status, drop.merged_into, drop.updated_at = Person.Status.MERGED, keep, now
    _save(drop, ["status", "merged_into", "updated_at"])
    _save_filled(keep, filled, now)
    recount_members(household_ids=[keep.household_id, drop.household_id])
    _record("merge_persons", keep, drop, by, {"merged_into": ["", keep.person_no]}, filled)
    return merge


@transaction.atomic
def unmerge_persons(*, merge: PersonMerge, by: Actor) -> PersonMerge:
    """Take a merge back: ``drop`` speaks for itself again, fields filled from it are blank again.

    A filled field that was changed since is left as it is now.

    Raises:
        PeopleError: where the merge was taken back already.
    """
    merge = PersonMerge.objects.select_for_update().get(pk=merge.pk)
    if merge.undone_at is not None:
        raise PeopleError("merge_undone", "这次合并已经撤销过", "This merge was taken back already")
    keep, drop = _locked(merge.keep, merge.drop)
    blanked = [name for name in merge.filled if getattr(keep, name) == getattr(drop, name)]
    old_household = keep.household_id
    for name in blanked:
        setattr(keep, name, _blank(name))
    now = citytime.now()
    drop.status, drop.merged_into, drop.updated_at = merge.status_before, None, now
    _save(drop, ["status", "merged_into", "updated_at"])
    _save_filled(keep, blanked, now)
    merge.undone_at, merge.undone_by_post = now, by.post_id
    merge.save(update_fields=["undone_at", "undone_by_post"])
    recount_members(household_ids=[old_household, keep.household_id, drop.household_id])
    _record("unmerge_persons", keep, drop, by, {"merged_into": [keep.person_no, ""]}, blanked)
    return merge


@transaction.atomic
def mark_left(*, person: Person, by: Actor) -> Person:
    """The person moved out of the city: the row stays, lists of residents leave it out."""
    return _change_status(person, Person.Status.LEFT, by, "mark_person_left")


@transaction.atomic
def mark_dead(*, person: Person, by: Actor) -> Person:
    """The person died."""
    return _change_status(person, Person.Status.DEAD, by, "mark_person_dead")


@transaction.atomic
def mark_back(*, person: Person, by: Actor) -> Person:
    """The person lives in the city again, or was marked as gone by mistake."""
    return _change_status(person, Person.Status.LIVING, by, "mark_person_back")


def merge_row(*, person: Person, drop_no: str, by: Actor) -> PersonMerge:
    """Merge the row with register number ``drop_no`` into ``person``, as the page of a person does it.

    The other row is looked up through the writer's own read door.
    """
    drop = registry.get("person").rows(by).filter(person_no=drop_no).first()
    if drop is None:
        raise PeopleError(
            "person_unknown",
            f"您的范围内没有人员编号 {drop_no}，请核对",
            f"There is no person {drop_no} within your scope: check the number",
            field="drop_no",
        )
    return merge_persons(keep=person, drop=drop, by=by)


def unmerge_row(*, person: Person, by: Actor) -> PersonMerge:
    """Take back the merge that put ``person`` into another row."""
    merge = PersonMerge.objects.filter(drop=person, undone_at=None).first()
    if merge is None:
        raise PeopleError("not_merged", "此行没有并入他人", "This row is not merged into another")
    return unmerge_persons(merge=merge, by=by)


def _change_status(person: Person, status: str, by: Actor, action: str) -> Person:
    row = Person.objects.select_for_update().get(pk=person.pk)
    if row.status == Person.Status.MERGED:
        raise PeopleError(
            "person_merged",
            "此行已并入他人，请在保留的那一行上操作，或先撤销合并",
            "This row was merged into another: act on the row that was kept, or take the merge back first",
        )
    if row.status == status:
        return row
    before, row.status, row.updated_at = row.status, status, citytime.now()
    _save(row, ["status", "updated_at"])
    recount_members(household_ids=[row.household_id])
    audit.record(
        action, ledger="person", object_id=str(row.pk), by=by.by, area=row.area_path, changes={"status": [before, status]}
    )
    return row


def _locked(first: Person, second: Person) -> tuple[Person, Person]:
    """Both rows, locked in the order of their keys so that two merges at once cannot wait for each other."""
    rows = {row.pk: row for row in Person.objects.select_for_update().filter(pk__in=[first.pk, second.pk]).order_by("pk")}
    return rows[first.pk], rows[second.pk]


def _check_merge(keep: Person, drop: Person) -> None:
    if keep.pk == drop.pk:
        raise PeopleError("merge_same", "不能把一行并入它自己，请选两行", "A row cannot be merged into itself: choose two rows")
    for row in (keep, drop):
        if row.status == Person.Status.MERGED:
            raise PeopleError(
                "merge_merged",
                f"{row.person_no} 已并入他人，请先撤销那次合并",
                f"{row.person_no} was merged into another row: take that merge back first",
            )
    if keep.id_no_index and drop.id_no_index and keep.id_no_index != drop.id_no_index:
        raise PeopleError(
            "merge_other_id",
            "两行的证件号码不同，不能合并；若其中一个抄错，请先更正",
            "The two rows have different identity numbers and cannot be one person; if one is a slip, correct it first",
        )


def _blank(name: str) -> object:
    if name in ("born_on", *_LINKS):
        return None
    return Person.Sex.UNKNOWN if name == "sex" else ""


def _save_filled(keep: Person, names: list[str], now: datetime) -> None:
    keep.updated_at = now
    columns = ["updated_at"]
    for name in names:
        columns.append(_LINKS.get(name, name))
        if name in _INDEXED:
            setattr(keep, f"{name}_index", blind_index(name, getattr(keep, name)))
            columns.append(f"{name}_index")
    _save(keep, columns)


def _save(row: Person, columns: list[str]) -> None:
    row.save(update_fields=columns)


def _record(action: str, keep: Person, drop: Person, by: Actor, changes: dict[str, list[str]], filled: list[str]) -> None:
    """The trail names the fields that were filled or blanked, never their values."""
    note = "fields: " + ", ".join(filled) if filled else ""
    audit.record_many(
        [
            audit.Event(action, "person", str(drop.pk), by.by, drop.area_path, changes, 1, note),
            audit.Event(action, "person", str(keep.pk), by.by, keep.area_path, {"merged_row": ["", drop.person_no]}, 1, note),
        ]
    )
