"""Households and persons. Identity number, phone and exact address are sealed; a keyed blind index finds them."""

from __future__ import annotations

import secrets
import uuid

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.access import personal
from tongchou.access.sealed import SealedField
from tongchou.audit.ids import uuid7
from tongchou.places.models import Place

_ALPHABET = b"0123456789ABCDEFGHJKMNPQRSTVWXYZ"
_OF_BYTE = _ALPHABET * 8


def _register_no(letter: str) -> str:
    return letter + secrets.token_bytes(12).translate(_OF_BYTE).decode()


def new_person_no() -> str:
    """A register number for a person who was entered by hand: P and 12 random characters."""
    return _register_no("P")


def new_household_no() -> str:
    return _register_no("H")


_FIND = "识别同一个人，通知本人，安排隔离和照护 / to know a person, to tell and to help them"
_VISIT = "上门排查、送医、送药 / home visits and help at the door"


class Household(models.Model):
    """People who live at one address and keep house together, or a collective household (dormitory, home)."""

    class Kind(models.TextChoices):
        FAMILY = "family", _("家庭户")
        COLLECTIVE = "collective", _("集体户")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    household_no = models.CharField(_("户编号"), max_length=32, unique=True, default=new_household_no)
    area_path = models.CharField(_("所在区划"), max_length=18)
    kind = models.CharField(_("户类型"), max_length=12, choices=Kind.choices, default=Kind.FAMILY)
    address = SealedField(
        _("详细住址"), blank=True, default="", max_length=200, field_class="D1", purpose=_VISIT, keep_days=0
    )
    address_index = models.BigIntegerField(default=0, editable=False)
    member_count = models.PositiveIntegerField(_("户内人数"), default=0)
    invented = models.BooleanField(_("虚构"), default=False, help_text=_("演示城市中虚构的户"))
    created_at = models.DateTimeField(_("登记时间"))
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("户")
        verbose_name_plural = _("户")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["area_path", "id"], name="household_area_id"),
            models.Index(fields=["address_index"], name="household_address"),
        ]

    def __str__(self) -> str:
        return self.household_no


class Person(models.Model):
    """A person known to the city. Where they live and where they are registered are two facts."""

    class Sex(models.TextChoices):
        MALE = "male", _("男")
        FEMALE = "female", _("女")
        UNKNOWN = "unknown", _("不详")

    class IdType(models.TextChoices):
        RESIDENT = "resident_id", _("居民身份证")
        PASSPORT = "passport", _("护照")
        PERMIT = "permit", _("通行证或居住证")
        NONE = "none", _("无证件")

    class Status(models.TextChoices):
        LIVING = "living", _("在册")
        LEFT = "left", _("离开本市")
        DEAD = "dead", _("死亡")
        MERGED = "merged", _("已并入他人")

    class Relation(models.TextChoices):
        HEAD = "head", _("户主")
        SPOUSE = "spouse", _("配偶")
        CHILD = "child", _("子女")
        PARENT = "parent", _("父母")
        GRANDCHILD = "grandchild", _("孙子女")
        OTHER = "other", _("其他")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    person_no = models.CharField(_("人员编号"), max_length=32, unique=True, default=new_person_no)
    name = models.CharField(_("姓名"), max_length=64)
    sex = models.CharField(_("性别"), max_length=8, choices=Sex.choices, default=Sex.UNKNOWN)
    born_on = models.DateField(_("出生日期"), null=True, blank=True)
    id_type = models.CharField(_("证件类型"), max_length=12, choices=IdType.choices, default=IdType.RESIDENT)
    id_no = SealedField(
        _("证件号码"), blank=True, default="", max_length=32, field_class="D1", purpose=_FIND, keep_days=0
    )
    id_no_index = models.BigIntegerField(default=0, editable=False)
    phone = SealedField(_("电话"), blank=True, default="", max_length=32, field_class="D1", purpose=_FIND, keep_days=0)
    phone_index = models.BigIntegerField(default=0, editable=False)
    address = SealedField(
        _("详细住址"), blank=True, default="", max_length=200, field_class="D1", purpose=_VISIT, keep_days=0
    )
    address_index = models.BigIntegerField(default=0, editable=False)
    household = models.ForeignKey(
        Household, verbose_name=_("户"), null=True, blank=True, on_delete=models.PROTECT, related_name="members"
    )
    relation = models.CharField(_("与户主关系"), max_length=12, choices=Relation.choices, blank=True, default="")
    area_path = models.CharField(_("居住区划"), max_length=18)
    registered_area_path = models.CharField(_("户籍区划"), max_length=18, blank=True, default="")
    occupation = models.CharField(_("职业"), max_length=64, blank=True, default="")
    industry = models.CharField(_("行业"), max_length=64, blank=True, default="")
    workplace = models.ForeignKey(
        Place, verbose_name=_("工作场所"), null=True, blank=True, on_delete=models.SET_NULL, related_name="workers", db_index=False
    )
    user_id = models.CharField(_("本人账号"), max_length=36, blank=True, default="", editable=False)
    status = models.CharField(_("状态"), max_length=8, choices=Status.choices, default=Status.LIVING)
    merged_into = models.ForeignKey(
        "self", verbose_name=_("并入"), null=True, blank=True, editable=False, on_delete=models.PROTECT, related_name="absorbed"
    )
    invented = models.BooleanField(_("虚构"), default=False, help_text=_("演示城市中虚构的人"))
    created_at = models.DateTimeField(_("登记时间"))
    updated_at = models.DateTimeField(_("更新时间"))

    #: set while a changed row is being saved: the home that it leaves
    household_before: uuid.UUID | None = None

    class Meta:
        verbose_name = _("人员")
        verbose_name_plural = _("人员")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["area_path", "id"], name="person_area_id"),
            models.Index(fields=["name", "area_path", "id"], name="person_name_area_id"),
            models.Index(fields=["id_no_index"], name="person_id_no"),
            models.Index(fields=["phone_index"], name="person_phone"),
            models.Index(fields=["address_index"], name="person_address"),
            models.Index(fields=["workplace", "id"], name="person_workplace"),
            models.Index(fields=["user_id"], name="person_user"),
        ]

    def __str__(self) -> str:
        return self.person_no

    def standing(self) -> Person:
        """The row that now speaks for this person: itself, or the end of its chain of merges."""
        row = self
        while row.merged_into is not None:
            row = row.merged_into
        return row


class PersonMerge(models.Model):
    """One merge of two rows of one person: enough to take it back exactly."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    keep = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_kept")
    drop = models.ForeignKey(Person, on_delete=models.PROTECT, related_name="merges_dropped")
    status_before = models.CharField(max_length=8)
    filled = models.JSONField(default=list, help_text=_("并入时由被并者补上的字段名"))
    merged_at = models.DateTimeField()
    merged_by_post = models.CharField(max_length=64)
    undone_at = models.DateTimeField(null=True, blank=True)
    undone_by_post = models.CharField(max_length=64, blank=True, default="")

    class Meta:
        ordering = ("-id",)
        constraints = [
            models.UniqueConstraint(fields=["drop"], condition=models.Q(undone_at=None), name="one_standing_merge_per_drop"),
        ]

    def __str__(self) -> str:
        return f"{self.drop_id} -> {self.keep_id}"


# Keeping time 0 means: kept with the row of the person, erased with it.
for _field in ("name", "sex", "born_on", "occupation", "workplace"):
    personal.declare(Person, _field, "D1", _FIND, 0)
