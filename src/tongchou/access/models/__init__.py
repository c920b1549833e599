"""Users, posts, who holds them, who answers for what, and the doors in."""

from tongchou.access.models.doors import ApiToken, IdempotencyKey, OneTimeLink, PhoneBinding
from tongchou.access.models.organisation import Post, PostHolding, Responsibility
from tongchou.access.models.user import User

__all__ = ["ApiToken", "IdempotencyKey", "OneTimeLink", "PhoneBinding", "Post", "PostHolding", "Responsibility", "User"]
