"""Secrets handed out once: only a hash is kept."""

from __future__ import annotations

import hashlib
import secrets


def new_secret() -> str:
    """256 random bits for a link, a token or a cookie."""
    return secrets.token_urlsafe(32)


def secret_hash(secret: str) -> str:
    """A plain hash is enough here: the secret is random and long, unlike a password."""
    return hashlib.sha256(f"tongchou {secret}".encode()).hexdigest()
