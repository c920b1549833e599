"""The write path of access: keyword-only, atomic, the audit row inside."""
