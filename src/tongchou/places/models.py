"""Places of a city: grid cells, and typed places whose types come from a pack."""

from __future__ import annotations

import secrets

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.audit.ids import uuid7

_ALPHABET = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"


def new_place_no() -> str:
    """A number for a place that was entered by hand: L and 12 random characters."""
    return "L" + "".join(secrets.choice(_ALPHABET) for _position in range(12))


class GridCell(models.Model):
    """A grid of 300 to 500 households: the ground that one grid worker answers for.

    ``area_path`` has 15 digits: the village's 12 and three of the cell.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area_path = models.CharField(_("网格代码"), max_length=18, unique=True)
    name = models.CharField(_("网格名称"), max_length=64)
    household_count = models.PositiveIntegerField(_("户数"), default=0)
    worker_post_id = models.CharField(_("网格员岗位"), max_length=36, blank=True, default="", db_index=True)
    invented = models.BooleanField(_("虚构"), default=False)
    created_at = models.DateTimeField(_("登记时间"))
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("网格")
        verbose_name_plural = _("网格")
        ordering = ("area_path",)

    def __str__(self) -> str:
        return self.name


class Place(models.Model):
    """A place that somebody answers for: its type is a key of the pack ``place_types.toml``.

    Who answers for it stands in ``access.Responsibility`` (ledger ``place``), from and to.
    """

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    place_no = models.CharField(_("场所编号"), max_length=32, unique=True, default=new_place_no)
    name = models.CharField(_("名称"), max_length=120)
    type_key = models.CharField(_("场所类型"), max_length=32)
    area_path = models.CharField(_("所在区划"), max_length=18)
    address = models.CharField(_("地址"), max_length=200, blank=True, default="")
    operator_uscc = models.CharField(_("经营单位统一社会信用代码"), max_length=18, blank=True, default="")
    capacity = models.PositiveIntegerField(_("容量"), null=True, blank=True)
    area_m2 = models.DecimalField(_("面积（平方米）"), max_digits=12, decimal_places=1, null=True, blank=True)
    opened_on = models.DateField(_("启用日期"), null=True, blank=True)
    closed_on = models.DateField(_("停用日期"), null=True, blank=True)
    invented = models.BooleanField(_("虚构"), default=False)
    created_at = models.DateTimeField(_("登记时间"))
    updated_at = models.DateTimeField(_("更新时间"))

    class Meta:
        verbose_name = _("场所")
        verbose_name_plural = _("场所")
        ordering = ("-id",)
        indexes = [
            models.Index(fields=["area_path", "id"], name="place_area_id"),
            models.Index(fields=["type_key", "area_path"], name="place_type_area"),
            models.Index(fields=["name", "id"], name="place_name_id"),
        ]

    def __str__(self) -> str:
        return self.name
