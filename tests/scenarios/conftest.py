"""The cast, and comparisons of a thousand people, two weeks and two replicates: each takes a moment."""

from __future__ import annotations

import pytest
from django.urls import reverse
from django.utils import translation

from tongchou import jobs
from tongchou.scenarios.models import ScenarioRun

from tests.desk.conftest import cast, noon

__all__ = ["cast", "noon"]

TINY = {
    "city": "panzhihua", "people": "1000", "disease": "sars-cov-2-wild", "starts_on": "2020-02-14", "days": "14", "replicates": "2",
    "imports_first": "20", "imports_per_day": "0", "imports_days": "0", "beds": "1", "seed": "1",
}  # fmt: skip
OPEN = '[[measure]]\nkind = "masks"\nwearing = 0.5\noutward = 0.5\ninward = 0.3\n'
SHUT = OPEN + '[[measure]]\nkind = "closure"\nlayers = ["school"]\nto_day = 9\n'


def form_with(first: str, second: str, **changed: str) -> dict[str, str]:
    """What the form sends to run two scenario files: as if each had been pasted and taken before."""
    return {**TINY, "area": "5104", "a-text": first, "b-text": second, **changed}


@pytest.fixture(autouse=True)
def own_language():
    """A page asked for in English leaves the thread in English: what runs next shall not notice."""
    yield
    translation.deactivate()


class Desk:
    """A person at the page of comparisons."""

    def __init__(self, client) -> None:
        self.client = client

    def send(self, do: str, **fields):
        return self.client.post(reverse("scenario-new"), {"do": do, **fields})

    def fields(self, answer) -> dict[str, list[str] | str]:
        """What the form that came back would send, but for its buttons."""
        form, sides = answer.context["form"], answer.context["sides"]
        sent: dict[str, list[str] | str] = {name: "" if form[name].value() is None else str(form[name].value()) for name in form.fields}
        for side, name, lines, _imports in sides:
            key = side.key
            sent |= {f"{key}-name_zh": side.name_zh, f"{key}-name_en": side.name_en, f"{key}-name": name, f"{key}-head": side.head, f"{key}-count": str(len(lines)), f"{key}-text": side.text}
            for line in lines:
                row = f"{key}-{line.at}"
                sent |= {f"{row}-row": line.stored, f"{row}-shown": "1", f"{row}-from_day": line.from_day}
                sent |= {f"{row}-to_day": line.to_day} if line.has_end else {}
                sent |= {f"{row}-{one.key}": one.value for one in line.figures if one.kind != "flag"}
                sent |= {f"{row}-{one.key}": "on" for one in line.figures if one.kind == "flag" and one.checked}
                for pick in line.picks:
                    sent |= {f"{row}-has-{pick.key}": "1", f"{row}-{pick.key}": [value for value, _label, chosen in pick.options if chosen]}
                sent |= {f"{row}-unit": value for value, _label, chosen in line.unit if chosen}
                sent |= {f"{row}-level": value for value, _label, chosen in line.level if chosen}
                for step, (_name, cases, days) in enumerate(line.steps):
                    sent |= {f"{row}-step-{step}-cases": cases, f"{row}-step-{step}-within_days": days}
                for layer, _label, share, delay in line.rates:
                    sent |= {f"{row}-found-{layer}": share, f"{row}-delay-{layer}": delay}
                if line.ages:
                    sent |= {f"{row}-first_age": line.ages[0], f"{row}-last_age": line.ages[1]}
        return sent

    def build(self, first: str = OPEN, second: str = SHUT, **changed: str):
        """The form with both files taken."""
        answer = self.send("text:a", **form_with(first, second, **changed))
        return self.send("text:b", **{**self.fields(answer), "b-text": second, **changed})

    def ask(self, first: str = OPEN, second: str = SHUT, **changed: str) -> ScenarioRun:
        """A queued comparison, asked for on the page."""
        answer = self.send("run", **{**self.fields(self.build(first, second, **changed)), **changed})
        assert answer.status_code == 302, answer.context["problems"]
        return ScenarioRun.objects.latest("asked_at")


@pytest.fixture
def desk(cast):
    return Desk(cast.client("command"))


@pytest.fixture
def done(desk):
    """A comparison that was asked for and computed."""
    row = desk.ask()
    jobs.run(until_idle=True, periodic=False)
    row.refresh_from_db()
    return row
