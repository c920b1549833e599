"""As which post a command of the terminal acts."""

from __future__ import annotations

import argparse

from django.conf import settings

from tongchou.access.actor import SYSTEM, Actor
from tongchou.access.models import Post
from tongchou.cli.terminal import CommandError


def add_argument(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--as", dest="post", metavar="POST", default="",
        help="以哪个岗位办理（岗位编码）；演示城市中不写则为 system / act as this post (its code); system by default in a demo city",
    )


def actor(code: str, *, purpose: str = "terminal") -> Actor:
    """The actor for ``--as``. Whoever sits at the terminal holds the keys; the trail must still name a post.

    Raises:
        CommandError: no such post, or none was named outside a demo city.
    """
    if code == SYSTEM.post_code or (not code and settings.DEMO):
        return SYSTEM
    if not code:
        raise CommandError("请用 --as 岗位编码 说明以哪个岗位办理", "say with --as POST as which post this is done")
    post = Post.objects.filter(code=code).first()
    if post is None:
        near = ", ".join(Post.objects.order_by("code").values_list("code", flat=True)[:8])
        raise CommandError(f"没有编码为 {code} 的岗位，例如：{near}", f"there is no post {code}; for instance: {near}")
    return Actor.of_post(post, purpose=purpose)
