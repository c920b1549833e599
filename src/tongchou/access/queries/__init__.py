"""Reads of access: who answers, for whom a session acts, what a token may."""
