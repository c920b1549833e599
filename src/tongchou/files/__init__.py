"""Stored uploads: sealed on disk, named by content hash."""
