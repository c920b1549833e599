"""Spans and limits in words."""

from __future__ import annotations

from datetime import timedelta

from django import template
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from tongchou.tasks.clockwork import Reading
from tongchou.tasks.models import Clock
from tongchou.tasks.queries.today import duration

register = template.Library()


@register.filter
def span(value: timedelta) -> str:
    """A span in its two largest units."""
    return duration(abs(value))


@register.filter
def minutes(value: int) -> str:
    return duration(timedelta(minutes=value))


@register.filter
def margin(reading: Reading) -> str:
    """How much time is left; of a late clock, which is labelled so beside this, by how much."""
    if reading.left is None:
        return ""
    words = {"time": duration(abs(reading.left))}
    if reading.paused:
        return _("已暂停，剩余 %(time)s") % words
    return words["time"] if reading.left < timedelta(0) else _("还剩 %(time)s") % words


@register.filter
def limit_words(clock: Clock) -> str:
    """The limit as it is worded: hours and minutes around the clock, or working days."""
    if clock.limit_working_days is not None:
        return ngettext("%(n)d 个工作日", "%(n)d 个工作日", clock.limit_working_days) % {"n": clock.limit_working_days}
    if clock.limit_minutes is not None:
        return duration(timedelta(minutes=clock.limit_minutes))
    return _("规则未载明，请在规则库填写")
