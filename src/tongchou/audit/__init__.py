"""The append-only trail: who did or read what, when, for which purpose; chained by hash."""
