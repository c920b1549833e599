"""The same questions asked of every ledger that is declared; a new ledger inherits them by being registered."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from django.test import Client, TestCase
from django.urls import reverse
from django.utils import translation
from django.utils.html import escape

from tongchou import audit
from tongchou.access import permissions
from tongchou.access.actor import SYSTEM, Actor
from tongchou.ledger import paging, registry, serializer
from tongchou.ledger.declaration import Ledger
from tongchou.ledger.exchange import applying, exporting, staging

from tests.access.rows import make_row
from tests.cast import PEOPLE, VILLAGE, WEST_VILLAGE, gather

#: ledgers whose rows come from an action, a calculation, a clock that was started: not from plain data
NOT_MADE = {"area", "audit", "clock", "grid", "job", "mailbox", "notice", "rule", "zone_decision"}


class EveryLedger(TestCase):
    """The cast and two rows of each ledger (East and West) are made once; each question goes through all ledgers."""

    @classmethod
    def setUpTestData(cls) -> None:
        cls.cast = gather()
        cls.made: dict[str, list[Any]] = {}
        for ledger in registry.every():
            rows = [make_row(ledger, place) for place in (VILLAGE, WEST_VILLAGE)]
            cls.made[ledger.key] = [row for row in rows if row is not None]

    def test_rows_of_nearly_every_ledger_can_be_made(self) -> None:
        empty = {key for key, rows in self.made.items() if not rows}
        self.assertLessEqual(empty, NOT_MADE)

    def test_pages_by_key_show_every_row_once(self) -> None:
        for ledger in registry.every():
            with self.subTest(ledger.key):
                seen, cursor = [], ""
                while True:
                    page = paging.page(ledger.rows(SYSTEM), ledger.order, cursor, size=7)
                    seen += [row.pk for row in page.rows]
                    cursor = page.next_cursor
                    if not cursor:
                        break
                self.assertEqual(len(seen), len(set(seen)))
                self.assertEqual(len(seen), ledger.rows(SYSTEM).count())
                self.assertGreaterEqual(len(seen), len(self.made[ledger.key]))

    def test_what_a_machine_is_told_reads_back_as_itself(self) -> None:
        for ledger in registry.every():
            for row in self.made[ledger.key]:
                for column in ledger.editable_columns():
                    text = column.render(column.read(row))
                    if text and column.kind not in ("ref", "json"):
                        with self.subTest(f"{ledger.key}.{column.name}"):
                            self.assertEqual(column.render(column.parse(text)), text)

    def test_an_export_imports_back_unchanged(self) -> None:
        for ledger in registry.every():
            if ledger.writable and ledger.rows(SYSTEM).exists():
                for suffix in (".csv", ".xlsx"):
                    with self.subTest(ledger.key + suffix), tempfile.TemporaryDirectory() as folder:
                        path = Path(folder) / f"{ledger.key}{suffix}"
                        number = exporting.export(ledger, ledger.rows(SYSTEM), path, by=SYSTEM, encrypt=False).rows
                        source = staging.stage(ledger, path, file_name=path.name, by=SYSTEM)
                        told = applying.account(source)
                        differs = list(source.lines.exclude(differs=[]).values_list("row", "differs")[:3])
                        self.assertEqual(
                            (told["rows"], told["unchanged"]), (number, number), (told["refused"], told["reasons"][:3], differs)
                        )

    def test_pages_answer_in_both_languages_and_reading_is_written_down(self) -> None:
        for ledger in registry.every():
            actor, client = self.reader(ledger)
            for language, heading in (("zh-hans", "经过"), ("en", "Course")):
                client.cookies["django_language"] = language
                with self.subTest(f"{ledger.key} {language}"), translation.override(language):
                    listed = client.get(reverse("ledger-list", kwargs={"key": ledger.key}))
                    self.assertEqual(listed.status_code, 200)
                    self.assertIn(escape(str(ledger.label)), listed.content.decode())
                    self.assertEqual(client.get(reverse("ledger-count", kwargs={"key": ledger.key})).status_code, 200)
                    for row in ledger.rows(actor).filter(pk__in=[one.pk for one in self.made[ledger.key]])[:1]:
                        shown = client.get(reverse("ledger-detail", kwargs={"key": ledger.key, "pk": row.pk})).content.decode()
                        self.assertIn(heading, shown)
                        for column in serializer.visible_columns(ledger, actor):
                            self.assertIn(escape(str(column.label)), shown)
                        self.assertTrue(audit.timeline(ledger.key, str(row.pk)).filter(action="read").exists())

    def test_the_api_shows_what_the_page_shows(self) -> None:
        for ledger in registry.every():
            actor, client = self.reader(ledger)
            with self.subTest(ledger.key):
                told, cursor = [], ""
                while cursor is not None:
                    answer = client.get(f"/api/v1/{ledger.key}/", {"size": 7, "after": cursor})
                    self.assertEqual(answer.status_code, 200)
                    page = json.loads(answer.content)
                    told, cursor = told + page["results"], page["next"]
                self.assertEqual({one["id"] for one in told}, {str(pk) for pk in ledger.rows(actor).values_list("pk", flat=True)})
                names = {column.name for column in serializer.visible_columns(ledger, actor)}
                for one in told:
                    self.assertEqual(set(one) - {"id", "masked"}, names)

    def reader(self, ledger: Ledger) -> tuple[Actor, Client]:
        """Somebody of the cast who may read this ledger, signed in: every ledger has a reader among people."""
        who = next(name for name in PEOPLE if permissions.may(self.cast.actor(name), ledger.key, "read"))
        return self.cast.actor(who), self.cast.client(who)
