"""The post as which the system itself acts and to which it reports."""

SYSTEM_POST = "system"
