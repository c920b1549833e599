"""The auditor reads the trail, follows one object, and checks the chain; tampering is named by its line."""

import pytest
from django.db import connection

from tongchou import audit

from tests.cast import gather

pytestmark = pytest.mark.django_db
ROUTE = "/house/audit/"


def test_the_auditor_follows_an_object_and_checks_the_chain():
    cast = gather()
    client = cast.client("auditor")
    audit.record("confirm", ledger="case", object_id="case-7", by=cast.actor("cdc_east").by, note="同一天两次阳性")
    audit.record("read", ledger="person", object_id="p-1", by=cast.actor("cdc_east").by)
    shown = client.get(ROUTE, {"ledger": "case"}).content.decode()
    assert "岑东" in shown and "同一天两次阳性" in shown and "p-1" not in shown
    said = client.post(ROUTE, follow=True).content.decode()
    assert "审计链完整" in said
    with connection.cursor() as cursor:
        cursor.execute("UPDATE audit_entry SET note='没有的事' WHERE object_id='case-7'")
        cursor.execute("SELECT position FROM audit_entry WHERE object_id='case-7'")
        line = cursor.fetchone()[0]
    assert f"第 {line} 条断裂" in client.post(ROUTE, follow=True).content.decode()


def test_reading_the_trail_is_itself_written_down_and_others_find_no_such_page():
    cast = gather()
    before = audit.timeline("audit", "").count()
    cast.client("auditor").get(ROUTE)
    assert audit.timeline("audit", "").count() == before + 1
    assert cast.client("sys_admin").get(ROUTE).status_code == 404
    assert cast.client("cdc_city").get(ROUTE).status_code == 404
