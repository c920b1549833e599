"""Rows to arrays and back: the only importer of engine among the web rooms. One file a question."""
