"""Sheets in and out of ledgers: mapping, staging, applying, undoing, export."""
