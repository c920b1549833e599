"""A person who signs in. What she may do comes from the posts she holds, never from this row."""

from __future__ import annotations

from datetime import date
from typing import Any

from django.contrib.auth.models import AbstractBaseUser, BaseUserManager
from django.db import models
from django.utils.translation import gettext_lazy as _

from tongchou import citytime
from tongchou.access import personal
from tongchou.access.sealed import SealedField
from tongchou.audit.ids import uuid7

KEEP_AFTER_END_DAYS = 1095  # processing records are kept at least 3 years: PIPL articles 55 and 56


class UserManager(BaseUserManager["User"]):
    def create_user(self, username: str, password: str | None = None, **fields: Any) -> User:
        """A new user; without a password she can only come in by a one-time link."""
        user = self.model(username=self.model.normalize_username(username), **fields)
        user.set_password(password)
        user.save(using=self._db)
        return user

    def get_by_natural_key(self, username: str | None) -> User:
        return self.get(username=username)


class User(AbstractBaseUser):
    """``username`` is the work number. There is no super-user flag and no e-mail: accounts are given, not taken."""

    id = models.UUIDField(primary_key=True, default=uuid7, editable=False)
    username = models.CharField(_("工号"), max_length=64, unique=True)
    name = models.CharField(_("姓名"), max_length=64)
    phone = SealedField(
        _("手机"), blank=True, default="", field_class="D8", purpose="account recovery by the administrator",
        keep_days=KEEP_AFTER_END_DAYS,
    )
    active_from_on = models.DateField(_("启用日期"), null=True, blank=True)
    active_to_on = models.DateField(_("停用日期"), null=True, blank=True, help_text=_("当日仍可登录，次日起停用"))
    disabled_at = models.DateTimeField(_("立即停用于"), null=True, blank=True, editable=False)
    created_at = models.DateTimeField(default=citytime.now, editable=False)

    objects = UserManager()
    USERNAME_FIELD = "username"
    REQUIRED_FIELDS = ["name"]

    class Meta:
        db_table = "access_user"
        verbose_name = _("用户")
        indexes = [models.Index(fields=["name", "id"], name="access_user_name")]

    def __str__(self) -> str:
        return f"{self.name}({self.username})"

    def usable_on(self, day: date) -> bool:
        """Whether the account may sign in on a city day."""
        started = self.active_from_on is None or self.active_from_on <= day
        return self.disabled_at is None and started and (self.active_to_on is None or day <= self.active_to_on)

    @property
    def is_active(self) -> bool:
        return self.usable_on(citytime.today())


personal.declare(User, "name", "D8", "to name who answers for a post", KEEP_AFTER_END_DAYS)
personal.declare(User, "username", "D8", "to sign in", KEEP_AFTER_END_DAYS)
