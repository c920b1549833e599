"""Task, clock, working calendar, escalation: supervision of any ledger row."""
