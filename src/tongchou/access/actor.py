"""Who acts: a post, the user who answers for it now, and the purpose chosen for the session."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tongchou import audit
from tongchou.access.roles import Role, ScopeKind

if TYPE_CHECKING:
    from django.http import HttpRequest

    from tongchou.access.models import Post, User


@dataclass(frozen=True)
class Scope:
    """One reach of a post. ``value`` is an area path, a site id, ``ledger:object_id``, a post id or a user id by ``kind``."""

    kind: str
    value: str


@dataclass(frozen=True)
class Actor:
    """Frozen for one request or one action; never stored. ``role`` is empty for a signed-in user without a post."""

    user_id: str
    post_id: str
    post_name: str
    role: str
    scopes: tuple[Scope, ...]
    purpose: str = ""
    name: str = ""
    post_code: str = ""
    area_path: str = ""

    @property
    def by(self) -> Any:
        """The same as text for the trail: an ``audit.By``."""
        return audit.By(post=self.post_id, user=self.user_id, name=self.name or self.post_name, purpose=self.purpose)

    @staticmethod
    def of_request(request: HttpRequest) -> Actor | None:
        """The actor that the middleware set; None for an anonymous visitor."""
        return getattr(request, "actor", None)

    @staticmethod
    def of_post(post: Post, user: User | None = None, purpose: str = "") -> Actor:
        """An actor for a post row, with the links of a leader read from the responsibilities in force today."""
        return Actor(
            user_id=str(user.pk) if user else "",
            post_id=str(post.pk),
            post_name=post.name,
            role=post.role,
            scopes=_scopes(post, user),
            purpose=purpose,
            name=user.name if user else post.name,
            post_code=post.code,
            area_path=post.area_path,
        )

    @staticmethod
    def without_post(user: User) -> Actor:
        """A signed-in user who answers for no post today: may change the password and sign out, nothing else."""
        return Actor(str(user.pk), "", "", "", (), name=user.name)


def _scopes(post: Post, user: User | None) -> tuple[Scope, ...]:
    if post.role == Role.PUB:
        return (Scope(ScopeKind.SELF.value, str(user.pk)),) if user else ()
    scopes = []
    if post.scope_kind == ScopeKind.AREA and post.area_path:  # an empty path would mean the whole house: SYSTEM's alone
        scopes.append(Scope(ScopeKind.AREA.value, post.area_path))
    elif post.scope_kind in (ScopeKind.SITE, ScopeKind.OBJECT):
        scopes.extend(Scope(post.scope_kind, value) for value in post.scope_value.split())
    elif post.scope_kind == ScopeKind.SELF and user:
        scopes.append(Scope(ScopeKind.SELF.value, str(user.pk)))
    if post.role == Role.LEADER:
        scopes.extend(Scope(ScopeKind.OBJECT.value, f"{ledger}:{object_id}") for ledger, object_id in post.linked_objects())
    scopes.append(Scope(ScopeKind.ASSIGNMENT.value, str(post.pk)))
    return tuple(scopes)


SYSTEM = Actor(
    user_id="", post_id="system", post_name="系统", role=Role.SYSTEM.value, scopes=(Scope(ScopeKind.AREA.value, ""),),
    purpose="system", name="系统", post_code="system",
)
