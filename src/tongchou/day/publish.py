"""Step 6, publish 布: the brief of the day, as values and as text in both languages, stored once."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from django.core.serializers.json import DjangoJSONEncoder
from django.db import transaction

from tongchou import audit, citytime
from tongchou.day.models import DayBrief
from tongchou.day.step import Day, Step
from tongchou.day.words import HEADS, speak
from tongchou.outbreak.models import Outbreak

STEPS = ("report", "assess", "plan", "order", "supervise")


@transaction.atomic
def run(day: Day, steps: Mapping[str, Step]) -> DayBrief:
    """Store the brief, or give back the standing one where nothing in it has changed."""
    data = _plain({name: steps[name].values for name in STEPS})
    lines = _plain([{"step": name, **line.stored()} for name in STEPS for line in steps[name].lines])
    Outbreak.objects.select_for_update().get(pk=day.outbreak.pk)
    last = DayBrief.objects.filter(outbreak=day.outbreak, day_on=day.on).order_by("-version").first()
    if last is not None and (last.data, last.lines) == (data, lines):
        return last
    brief = DayBrief.objects.create(
        outbreak=day.outbreak,
        day_on=day.on,
        version=last.version + 1 if last else 1,
        data=data,
        lines=lines,
        text_zh=text_of(day, steps, "zh"),
        text_en=text_of(day, steps, "en"),
        data_version=data["assess"]["data_version"],
        made_at=citytime.now(),
        by_post=day.by.post_id,
    )
    audit.record(
        "publish",
        ledger="day_brief",
        object_id=brief.id,
        by=day.by.by,
        area=day.outbreak.area_path,
        note=f"{day.on} v{brief.version}",
    )
    return brief


def text_of(day: Day, steps: Mapping[str, Step], lang: str) -> str:
    """The brief as plain text: a head, then each step with its lines."""
    side = 0 if lang == "zh" else 1
    title = (f"{day.outbreak.name} {day.on} 简报", f"{day.outbreak.name}: brief of {day.on}")[side]
    text = [title]
    for number, name in enumerate(STEPS, start=1):
        text += ["", f"{number}. {HEADS[name][side]}", *(f"   {speak(line, lang)}" for line in steps[name].lines)]
    return "\n".join(text)


def _plain(value: Any) -> Any:
    """As JSON will give it back, so that a stored brief compares with a fresh one."""
    return json.loads(json.dumps(value, cls=DjangoJSONEncoder, sort_keys=True))
