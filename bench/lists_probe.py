"""One round in one data folder for ``bench.lists``: times by post and question, and query plans that scan a ledger."""

from __future__ import annotations

import argparse
import json
import os
import random
import re
import time
from typing import Any

import django

LEDGER_TABLES = ("people_person", "people_household", "outbreak_case", "tasks_task", "places_place", "tasks_clock")
ROLES = {"GRID": 12, "SECRETARY": 12, "CDC_DISTRICT": 6, "CDC_CITY": 4, "OFFICE": 4}


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--requests", type=int, default=40)
    args = parser.parse_args()
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "tongchou.settings")
    django.setup()
    from django.conf import settings  # Django stands only now
    from django.db import connection

    settings.ALLOWED_HOSTS = ["testserver"]
    watch = Watch()
    times: dict[str, list[float]] = {}
    for role, digits in ROLES.items():
        client, questions = _post(role, digits)
        for name, addresses in questions.items():
            took = times.setdefault(f"{role} {name}", [])
            _ask(client, addresses[0])
            for number in range(args.requests):
                with connection.execute_wrapper(watch) if number == 0 else _nothing():
                    started = time.perf_counter()
                    answer = _ask(client, addresses[number % len(addresses)])
                    took.append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{role} {name}: {answer.status_code}")
    print(json.dumps({"times_ms": times, "scans": watch.scans()}, ensure_ascii=False))


class Watch:
    """Keeps the SELECTs of ledger tables and asks the database for their plans."""

    def __init__(self) -> None:
        self.seen: dict[str, Any] = {}

    def __call__(self, execute: Any, sql: str, params: Any, many: bool, context: Any) -> Any:
        if sql.startswith("SELECT") and any(f'FROM "{table}"' in sql for table in LEDGER_TABLES):
            self.seen.setdefault(sql, params)
        return execute(sql, params, many, context)

    def scans(self) -> list[str]:
        from django.db import connection  # as above

        found = []
        for sql, params in self.seen.items():
            with connection.cursor() as cursor:
                cursor.execute(("EXPLAIN QUERY PLAN " if connection.vendor == "sqlite" else "EXPLAIN ") + sql, params)
                for row in cursor.fetchall():
                    line = str(row[-1])
                    if re.search(r"^SCAN (\w+)$|Seq Scan on (\w+)", line) and any(table in line for table in LEDGER_TABLES):
                        found.append(f"{line}: {sql[:160]}")
        return found


def _post(role: str, digits: int) -> tuple[Any, dict[str, list[str]]]:
    """A signed-in client of a post of this role, and what it asks; names and areas are drawn from the city's own rows."""
    from django.test import Client  # as above

    from tongchou.access.models import Post, PostHolding, User
    from tongchou.people.models import Person
    from tongchou.tasks.models import Task

    middle = Person.objects.order_by("area_path", "id").values_list("area_path", flat=True)[Person.objects.count() // 2]
    area = middle[:digits]
    user, _made = User.objects.get_or_create(username=f"bench-{role}", defaults={"name": role})
    post, _made = Post.objects.get_or_create(code=f"BENCH-{role}", defaults={"name": role, "role": role, "scope_kind": "area", "area_path": area})
    PostHolding.objects.get_or_create(user=user, post=post)
    client = Client()
    client.force_login(user, backend="allauth.account.auth_backends.AuthenticationBackend")
    people = list(Person.objects.filter(area_path__gte=area, area_path__lt=str(int(area) + 1)).order_by("area_path", "id")[:400])
    chosen = random.Random(7).sample(people, min(20, len(people)))  # noqa: S311 (a bench draws, it keeps no secret)
    questions = {
        "people list": ["/ledger/person/"],
        "people by name": [f"/ledger/person/?name={one.name}" for one in chosen],
        "search name": [f"q={one.name}" for one in chosen],
        "search id number": [f"q={one.id_no}" for one in chosen if one.id_no],
        "search phone": [f"q={one.phone}" for one in chosen if one.phone],
    }
    if role.startswith("CDC"):
        questions["cases list"] = ["/ledger/case/"]
        questions["confirmed cases"] = ["/ledger/case/?status=confirmed"]
    if Task.objects.exists():
        questions["tasks list"] = ["/ledger/task/"]
    return client, {name: addresses for name, addresses in questions.items() if addresses}


def _ask(client: Any, address: str) -> Any:
    """A page by its address; a search, which is sent so that no name stands in an address, by what is typed."""
    return client.post("/search/", {"q": address[2:]}) if address.startswith("q=") else client.get(address)


class _nothing:  # noqa: N801 (stands in for a context manager of the same place)
    def __enter__(self) -> None: ...

    def __exit__(self, *exc: object) -> None: ...


if __name__ == "__main__":
    main()
