"""The audit trail as its auditor reads it."""
