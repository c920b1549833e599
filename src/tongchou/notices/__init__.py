"""What a post is told: an outbox written with the change, delivered in-app, by mail, by HTTP gateway."""

from importlib import import_module
from typing import TYPE_CHECKING

from tongchou.notices.names import SYSTEM_POST

if TYPE_CHECKING:
    from tongchou.notices.outbox import deliver_due, inbox, mark_read, send, system_notices_read_by
    from tongchou.notices.transports import mail_addresses_from

_LATE = {
    "send": "outbox", "deliver_due": "outbox", "inbox": "outbox", "mark_read": "outbox", "system_notices_read_by": "outbox",
    "mail_addresses_from": "transports",
}  # fmt: skip

__all__ = ["SYSTEM_POST", "deliver_due", "inbox", "mail_addresses_from", "mark_read", "send", "system_notices_read_by"]


def __getattr__(name: str):
    """Reach what needs the tables late: a model can be imported only once Django's apps are ready."""
    if name in _LATE:
        return getattr(import_module(f"tongchou.notices.{_LATE[name]}"), name)
    raise AttributeError(name)
