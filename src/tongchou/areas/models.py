"""The dated tree: one row is one version of one division; nothing is ever deleted."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Any

from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou.areas import snapshot
from tongchou.audit.ids import uuid7


class Level(models.TextChoices):
    PROVINCE = "province", _("省级")
    CITY = "city", _("地市级")
    COUNTY = "county", _("县级")
    TOWNSHIP = "township", _("乡级")
    VILLAGE = "village", _("村级")
    GRID = "grid", _("网格")


class UrbanRural(models.TextChoices):
    """The statistics bureau's urban-rural class of a village-level unit."""

    UNKNOWN = "", _("未填")
    CORE = "111", _("主城区")
    FRINGE = "112", _("城乡结合区")
    TOWN = "121", _("镇中心区")
    TOWN_FRINGE = "122", _("镇乡结合区")
    SPECIAL = "123", _("特殊区域")
    TOWNSHIP_SEAT = "210", _("乡中心区")
    VILLAGE = "220", _("村庄")


class Datum(models.TextChoices):
    """The reference a coordinate is measured in; a mixed map is hundreds of metres wrong."""

    UNKNOWN = "", _("未填")
    WGS84 = "WGS-84", "WGS-84"
    CGCS2000 = "CGCS2000", "CGCS2000"
    GCJ02 = "GCJ-02", "GCJ-02"
    BD09 = "BD-09", "BD-09"


class TouchingQuerySet(models.QuerySet):
    """Writes in bulk put the tree's snapshot out of date, as single writes do."""

    def bulk_create(self, objs: Any, *args: Any, **kwargs: Any) -> Any:
        done = super().bulk_create(objs, *args, **kwargs)
        snapshot.touch()
        return done

    def update(self, **kwargs: Any) -> int:
        done = super().update(**kwargs)
        snapshot.touch()
        return done

    def delete(self) -> Any:
        done = super().delete()
        snapshot.touch()
        return done


class TreeRow(models.Model):
    """A row that the snapshot is made of."""

    objects = TouchingQuerySet.as_manager()

    class Meta:
        abstract = True

    def save(self, *args: Any, **kwargs: Any) -> None:
        super().save(*args, **kwargs)
        snapshot.touch()

    def delete(self, *args: Any, **kwargs: Any) -> Any:
        done = super().delete(*args, **kwargs)
        snapshot.touch()
        return done


class Area(TreeRow):
    """One version of one division, valid from ``valid_from_on`` up to, not including, ``valid_to_on``."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    code = models.CharField(_("区划代码"), max_length=15)
    path = models.CharField(_("区划路径"), max_length=18)
    parent_path = models.CharField(_("上级路径"), max_length=18, blank=True)
    name = models.CharField(_("名称"), max_length=100)
    level = models.CharField(_("级别"), max_length=8, choices=Level.choices)
    urban_rural = models.CharField(_("城乡分类"), max_length=3, choices=UrbanRural.choices, blank=True)
    lon = models.FloatField(_("驻地经度（度）"), null=True, blank=True)
    lat = models.FloatField(_("驻地纬度（度）"), null=True, blank=True)
    seat_datum = models.CharField(_("坐标系"), max_length=8, choices=Datum.choices, blank=True)
    seat_source = models.CharField(_("坐标来源"), max_length=200, blank=True)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    valid_from_on = models.DateField(_("生效日期"))
    valid_to_on = models.DateField(_("失效日期"), null=True, blank=True, help_text=_("自这一天起不再有效"))

    class Meta:
        ordering = ("path", "valid_from_on")
        constraints = [
            models.UniqueConstraint(fields=["path", "valid_from_on"], name="area_version"),
            models.CheckConstraint(
                condition=models.Q(valid_to_on=None) | models.Q(valid_to_on__gt=models.F("valid_from_on")),
                name="area_valid_days",
            ),
        ]
        indexes = [
            models.Index(fields=["path", "id"], name="area_path_id"),
            models.Index(fields=["parent_path", "path"], name="area_parent_path"),
        ]

    def __str__(self) -> str:
        return f"{self.name} {self.code}"

    @property
    def became(self) -> str:
        """Where its people live after its last day: names, shares where it was cut; empty while it stands."""
        if self.valid_to_on is None:
            return ""
        return _told(self.path, self.valid_to_on, "from_path", "to_path") or _name_on(self.path, self.valid_to_on)

    @property
    def came_from(self) -> str:
        """Which divisions it was made of on its first day, or what it was called before."""
        eve = self.valid_from_on - timedelta(days=1)
        return _told(self.path, self.valid_from_on, "to_path", "from_path") or _name_on(self.path, eve)


def _told(path: str, day: date, mine: str, other: str) -> str:
    tree = snapshot.tree()
    changes = [one for one in tree.changes if one.changed_on == day and getattr(one, mine) == path]
    return "、".join(
        f"{tree.full_name(getattr(one, other), day)}{'' if one.share == 1 else f' {float(one.share):.1%}'}"
        for one in changes
        if getattr(one, other) != path
    )


def _name_on(path: str, day: date) -> str:
    version = snapshot.tree().find(path, day)
    return version.name if version else ""


class AreaSuccession(TreeRow):
    """From ``changed_on`` the people of one division live in another: the whole of it or a share.

    ``share`` is the part of ``from_path``'s population that lives in ``to_path`` from that day; the shares of one
    division on one day add up to 1. ``back_share`` is the part of ``to_path``'s population that came from
    ``from_path``; empty where populations are not known.
    """

    class Kind(models.TextChoices):
        MERGE = "merge", _("合并")
        SPLIT = "split", _("拆分")
        RECODE = "recode", _("随上级改码")

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    from_path = models.CharField(_("原区划"), max_length=18)
    to_path = models.CharField(_("新区划"), max_length=18)
    changed_on = models.DateField(_("变更日期"))
    kind = models.CharField(_("变更方式"), max_length=8, choices=Kind.choices)
    share = models.DecimalField(_("人口占比"), max_digits=13, decimal_places=12)
    back_share = models.DecimalField(_("新区划中的占比"), max_digits=13, decimal_places=12, null=True, blank=True)
    source = models.CharField(_("来源"), max_length=200, blank=True)
    note = models.CharField(_("说明"), max_length=500, blank=True)

    class Meta:
        ordering = ("changed_on", "from_path", "to_path")
        constraints = [
            models.UniqueConstraint(fields=["from_path", "to_path", "changed_on"], name="area_succession_once"),
            models.CheckConstraint(
                condition=models.Q(share__gt=0, share__lte=1), name="area_succession_share"
            ),
        ]
        indexes = [models.Index(fields=["to_path", "changed_on"], name="area_succession_to")]

    def __str__(self) -> str:
        return f"{self.from_path} → {self.to_path} {self.changed_on}"


class AreaOutline(models.Model):
    """A division's outline as a city gave it, with the datum and the source it was drawn in."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    area_path = models.CharField(_("区划路径"), max_length=18)
    geometry = models.JSONField(_("边界"), help_text=_("GeoJSON 的 Polygon 或 MultiPolygon"))
    datum = models.CharField(_("坐标系"), max_length=8, choices=Datum.choices)
    source = models.CharField(_("来源"), max_length=200)
    file_sha256 = models.CharField(_("文件摘要"), max_length=64)
    imported_at = models.DateTimeField(_("导入时间"))
    replaced_at = models.DateTimeField(_("被替换时间"), null=True, blank=True)

    class Meta:
        ordering = ("area_path", "imported_at")
        constraints = [
            models.UniqueConstraint(
                fields=["area_path"], condition=models.Q(replaced_at=None), name="area_outline_current"
            )
        ]
        indexes = [models.Index(fields=["area_path", "id"], name="area_outline_path")]

    def __str__(self) -> str:
        return f"{self.area_path} {self.datum}"


class TreeStamp(models.Model):
    """One row whose token changes with every change of the tree, so a reader asks one row, not the tree."""

    key = models.CharField(primary_key=True, max_length=8)
    token = models.UUIDField()

    def __str__(self) -> str:
        return f"{self.key} {self.token}"
