"""Where notices go: duty mailboxes by post, and what is told to the system to the administrators."""

from __future__ import annotations

import pytest

from tongchou import notices
from tongchou.tasks.addresses import mail_addresses
from tongchou.tasks.models import Mailbox

from tests.cast import gather

pytestmark = pytest.mark.django_db


def test_mail_goes_to_the_duty_mailboxes_of_the_post():
    cast = gather()
    Mailbox.objects.create(post=cast.posts["east"], address="east@city.example")
    Mailbox.objects.create(post=cast.posts["sys_admin"], address="admin@city.example")
    assert mail_addresses(str(cast.posts["east"].pk)) == ["east@city.example"]
    assert mail_addresses(str(cast.posts["west"].pk)) == []
    assert mail_addresses("system") == ["admin@city.example"]
    assert mail_addresses("no-such-post") == []


def test_what_is_told_to_the_system_is_read_by_its_administrators_only():
    cast = gather()
    notices.send(to_post="system", title="作业搁置", key="k")
    seen = {key: notices.inbox([str(cast.posts[key].pk)]).count() for key in ("sys_admin", "sec_admin", "command", "secretary")}
    assert seen == {"sys_admin": 1, "sec_admin": 0, "command": 0, "secretary": 0}
    assert "作业搁置" in cast.client("sys_admin").get("/notices/").content.decode()
