"""The ledgers of persons and households."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.access.roles import Role
from tongchou.access.sealed import blind_index
from tongchou.ledger import door
from tongchou.ledger.columns import Column
from tongchou.ledger.declaration import Action, Ledger
from tongchou.ledger.registry import register
from tongchou.people import id_number, phone
from tongchou.people.actions import person as acts
from tongchou.people.actions.household import recount_members
from tongchou.people.errors import PeopleError
from tongchou.people.models import Household, Person, new_household_no, new_person_no

_MEDICAL = (Role.HOSPITAL, Role.LAB, Role.QUARANTINE)

# What cities write over these columns in their own sheets.
_ID_HEADERS = ("身份证号", "身份证号码", "身份证", "证件号", "公民身份号码", "公民身份证号码", "id number")
_PHONE_HEADERS = ("手机", "手机号", "手机号码", "联系电话", "电话号码", "本人电话", "mobile")
_AREA_HEADERS = ("区划", "区划代码", "居住地区", "现住地区", "所在社区", "居住社区", "社区")


@register
class HouseholdLedger(Ledger):
    key = "household"
    label = _("户")
    label_en = "Household"
    help = _("住在同一处、一起生活的人家；宿舍、福利机构等为集体户。")
    model = Household
    stands_alone = True
    stamped = ("created_at", "updated_at")
    field_class = "D1"
    placed = {"area": "area_path"}
    columns = [
        Column("household_no", _("户编号"), "D7", identity=True, max_length=32, help=_("不填则自动编号"), example="H510402001001-0001"),
        Column("area_path", _("所在区划"), "D7", kind="area", required=True, example="510402001001"),
        Column("kind", _("户类型"), "D7", kind="choice", choices=Household.Kind.choices, example="family"),
        Column("address", _("详细住址"), "D1", kind="address", max_length=200, example="示例路 1 号 1 单元 101"),
        Column("member_count", _("户内人数"), "D7", kind="int", editable=False),
        Column("invented", _("虚构"), "D7", kind="bool", editable=False),
    ]
    filters = ["area_path", "kind", "address"]
    search = ["household_no"]
    order = ("area_path", "id")
    menu = ("people", 20)
    title = ["household_no"]

    def prepare(self, row: Household, values: Mapping[str, Any], by: Any) -> None:
        row.household_no = row.household_no or new_household_no()
        row.address_index = blind_index("address", row.address)
        _stamp(row)


@register
class PersonLedger(Ledger):
    key = "person"
    label = _("人员")
    label_en = "Person"
    help = _("本市居住、来往和登记的人。证件号码、电话、住址加密保存，只能按完整内容查找。")
    model = Person
    stands_alone = True
    stamped = ("created_at", "updated_at")
    field_class = "D1"
    identities = [("person_no",), ("id_no",)]
    placed = {"area": "area_path", "site": "workplace_id", "self": "user_id", "assignment": "id"}
    related = ["household", "workplace"]
    columns = [
        Column("person_no", _("人员编号"), "D7", identity=True, max_length=32, help=_("不填则自动编号"), example="P510402-000001"),
        Column("name", _("姓名"), "D1", required=True, max_length=64, example="示例甲"),
        Column("sex", _("性别"), "D1", kind="choice", choices=Person.Sex.choices, help=_("不填则取自身份证号"), example="male"),
        Column("born_on", _("出生日期"), "D1", kind="date", help=_("不填则取自身份证号"), example="1980-01-31"),
        Column("id_type", _("证件类型"), "D1", kind="choice", choices=Person.IdType.choices, in_list=False, example="resident_id"),
        Column("id_no", _("证件号码"), "D1", kind="id_no", max_length=32, example="510492198001310015", also=_ID_HEADERS),
        Column("phone", _("电话"), "D1", kind="phone", max_length=32, example="15400000000", also=_PHONE_HEADERS),
        Column("address", _("详细住址"), "D1", kind="address", max_length=200, in_list=False, example="示例路 1 号 1 单元 101"),
        Column("household", _("户"), "D1", kind="ref", to="household", in_list=False),
        Column("relation", _("与户主关系"), "D1", kind="choice", choices=Person.Relation.choices, in_list=False, example="head"),
        Column("area_path", _("居住区划"), "D7", kind="area", required=True, example="510402001001", also=_AREA_HEADERS),
        Column("registered_area_path", _("户籍区划代码"), "D1", max_length=18, in_list=False, help=_("6 到 12 位代码，可为外地"), example="510402"),
        Column("occupation", _("职业"), "D1", max_length=64, in_list=False),
        Column("industry", _("行业"), "D1", max_length=64, in_list=False),
        Column("workplace", _("工作场所"), "D1", kind="ref", to="place", in_list=False),
        Column("status", _("状态"), "D7", kind="choice", choices=Person.Status.choices, editable=False),
        Column("invented", _("虚构"), "D7", kind="bool", editable=False),
    ]
    filters = ["area_path", "name", "status", "sex", "id_no", "phone"]
    search = ["person_no", "name", "id_no", "phone"]
    order = ("area_path", "id")
    menu = ("people", 10)
    title = ["person_no", "name"]
    trail_words = {
        "merge_persons": _("并入同一人的另一行"), "unmerge_persons": _("撤销合并"), "merged_into": _("并入"), "merged_row": _("并入的行"),
        "mark_person_left": _("登记离开本市"), "mark_person_dead": _("登记死亡"), "mark_person_back": _("恢复在册"),
    }  # fmt: skip
    actions = [
        Action(
            "merge",
            _("并入同一人的另一行"),
            do=acts.merge_row,
            fields=[Column("drop_no", _("要并入本行的人员编号"), "D7", required=True, max_length=32)],
            when=lambda row: row.status != Person.Status.MERGED,
            help=_("两行是同一个人时使用。本行保留，另一行指向本行；随时可以撤销。"),
        ),
        Action("unmerge", _("撤销合并"), do=acts.unmerge_row, when=lambda row: row.status == Person.Status.MERGED),
        Action("leave", _("登记离开本市"), do=acts.mark_left, when=lambda row: row.status == Person.Status.LIVING),
        Action("die", _("登记死亡"), do=acts.mark_dead, when=lambda row: row.status == Person.Status.LIVING, danger=True),
        Action(
            "come_back",
            _("恢复在册"),
            do=acts.mark_back,
            when=lambda row: row.status in (Person.Status.LEFT, Person.Status.DEAD),
        ),
    ]

    def prepare(self, row: Person, values: Mapping[str, Any], by: Any) -> None:
        row.person_no = row.person_no or new_person_no()
        _read_id_number(row)
        if row.phone:
            row.phone = phone.read(row.phone)
        if row.born_on and row.born_on > citytime.today():
            raise PeopleError("born_future", "出生日期在将来，请核对", "The birth date lies in the future: check it", field="born_on")
        if not row.address and row.household is not None:
            row.address = row.household.address
            row.address_index = blind_index("address", row.address)
        if not row._state.adding:
            # The home that a change of household leaves is counted again too, in ``saved``.
            before = Person.objects.filter(pk=row.pk).values_list("household_id", flat=True).first()
            setattr(row, "household_before", before)  # noqa: B010 - rides on the row from here to ``saved``
        _check_registered(row)
        _stamp(row)

    def rows_for(self, actor: Any, queryset: QuerySet[Person]) -> QuerySet[Person]:
        """A firm sees its own staff by the place where they work; a hospital's rights are to patients, not to its staff."""
        if actor.role in _MEDICAL:
            return queryset.filter(pk__in=list(door.assigned(actor, self.key)))
        return queryset

    def saved(self, created: Sequence[Person], changed: Sequence[Person], by: Any) -> None:
        homes = {row.household_id for row in (*created, *changed)}
        recount_members(household_ids=homes | {row.household_before for row in changed})


def _read_id_number(row: Person) -> None:
    """A resident's number is checked and says sex and birth date; what contradicts it is refused, not overwritten."""
    if not row.id_no or row.id_type != Person.IdType.RESIDENT:
        return
    number = id_number.read(row.id_no)
    row.id_no = number.text
    if row.sex in ("", Person.Sex.UNKNOWN):
        row.sex = number.sex
    if row.born_on is None:
        row.born_on = number.born_on
    if row.sex != number.sex:
        raise PeopleError(
            "id_other_sex",
            "性别与身份证号第17位不符，请核对原件后改正其中之一",
            "The sex differs from the 17th digit of the identity number: check the card and correct one of them",
            field="sex",
        )
    if row.born_on != number.born_on:
        raise PeopleError(
            "id_other_birth",
            "出生日期与身份证号第7至14位不符，请核对原件后改正其中之一",
            "The birth date differs from digits 7 to 14 of the identity number: check the card and correct one of them",
            field="born_on",
        )


def _check_registered(row: Person) -> None:
    code = row.registered_area_path
    if code and not (code.isascii() and code.isdigit() and len(code) in (6, 9, 12)):
        raise PeopleError(
            "registered_area",
            f"户籍区划代码“{code}”应为6、9或12位数字",
            f"The code of registration {code!r} should be 6, 9 or 12 digits",
            field="registered_area_path",
        )


def _stamp(row: Any) -> None:
    now = citytime.now()
    if row._state.adding:
        row.created_at = now
    row.updated_at = now
