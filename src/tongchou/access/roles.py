"""The roles a post can have. What each may do stands in ``permissions.toml`` and nowhere else."""

from __future__ import annotations

from django.db import models
from django.utils.translation import gettext_lazy as _


class Role(models.TextChoices):
    PUB = "PUB", _("居民")
    GRID = "GRID", _("网格员")
    SECRETARY = "SECRETARY", _("村（社区）、街道书记")
    CDC_DISTRICT = "CDC_DISTRICT", _("区县疾控")
    CDC_CITY = "CDC_CITY", _("市疾控")
    HOSPITAL = "HOSPITAL", _("医院")
    LAB = "LAB", _("检测机构")
    QUARANTINE = "QUARANTINE", _("集中隔离点")
    ENTERPRISE = "ENTERPRISE", _("企业")
    COMMAND = "COMMAND", _("指挥部")
    OFFICE = "OFFICE", _("指挥部办公室")
    CHECKPOINT = "CHECKPOINT", _("卡点")
    SYS_ADMIN = "SYS_ADMIN", _("系统管理员")
    SEC_ADMIN = "SEC_ADMIN", _("安全管理员")
    AUDITOR = "AUDITOR", _("审计员")
    API = "API", _("接口")
    DEPARTMENT = "DEPARTMENT", _("市级部门")
    LEADER = "LEADER", _("挂联领导")
    SYSTEM = "SYSTEM", _("系统")


# Thousands of grid workers and checkpoint guards sign in with a bound phone and a PIN; everyone
# else at a desk needs the second factor (shared/reliability.md P12, MLPS level 3).
WITHOUT_SECOND_FACTOR = frozenset({Role.PUB, Role.GRID, Role.CHECKPOINT})
ADMIN_ROLES = frozenset({Role.SYS_ADMIN, Role.SEC_ADMIN, Role.AUDITOR})


class ScopeKind(models.TextChoices):
    AREA = "area", _("辖区")
    SITE = "site", _("单位场所")
    OBJECT = "object", _("挂联对象")
    ASSIGNMENT = "assignment", _("本岗位任务")
    SELF = "self", _("本人")
