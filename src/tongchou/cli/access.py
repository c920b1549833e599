"""``tongchou access``: personal fields, who answers for a post, an administrator's link, rotation of the sealing key."""

from __future__ import annotations

import argparse
from datetime import date

from django.urls import reverse

from tongchou import citytime
from tongchou.access import personal
from tongchou.access.actions import founding, key
from tongchou.access.actions.user import LINK_HOURS, reset_link
from tongchou.access.actor import SYSTEM
from tongchou.access.models import Post
from tongchou.access.queries import holders
from tongchou.cli import terminal

NAME = "access"
HELP_ZH = "权限：个人信息字段、岗位由谁负责、管理员链接、更换密钥"
HELP_EN = "access: personal fields, who answers for a post, an administrator's link, rotation of the key"
JSON = {
    "fields": {
        "model": "模型 / model",
        "field": "字段 / field",
        "class": "类别 D1 到 D9 / class D1 to D9",
        "purpose": "用途 / purpose",
        "keep_days": "保存天数，0 为随记录保存 / days kept, 0 with its row",
        "sealed": "是否加密 / whether it is sealed",
    },
    "who": {
        "post": "岗位代码 / code of the post",
        "on": "日期 / the day",
        "user": "负责人的工号，无人时为空 / work number of who answers, empty for nobody",
        "name": "姓名 / name",
        "why": "holder、acting、deputy、above 或 vacant / why she answers",
        "passed_over": "排在前面而不能负责的人及原因 / those before her and why they do not answer",
    },
    "link": {"username": "工号 / work number", "link": "一次性链接 / one-time link", "hours": "有效小时数 / hours it is valid"},
    "rotate-key": {
        "key_id": "现用密钥编号 / id of the key in use",
        "sealed_anew": "重新加密的值 / values sealed anew",
        "retired": "密钥文件夹里的旧密钥 / old keys still in the key folder",
    },
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    words = parser.add_subparsers(dest="what", required=True, metavar="WORD", title="命令 / commands")
    words.add_parser("fields", help="列出个人信息字段 / list the personal fields")
    who = words.add_parser("who", help="某岗位某日由谁负责 / who answers for a post on a day")
    who.add_argument("post", metavar="POST", help="岗位代码 / code of the post")
    who.add_argument("--on", metavar="DATE", type=date.fromisoformat, help="日期，默认今天 / the day, today by default")
    link = words.add_parser("link", help="给管理员一个新的一次性链接 / a new one-time link for an administrator")
    link.add_argument("username", metavar="WORK_NUMBER", help="工号 / work number")
    link.add_argument("--address", metavar="URL", default="http://localhost:8000", help="链接中的网址 / address in the link")
    rotate = words.add_parser("rotate-key", help="更换加密密钥并重新加密 / make a new sealing key and seal everything anew")
    rotate.add_argument("--carry-on", action="store_true", help="不换新密钥，继续上次未完成的 / no new key, go on where the last run stopped")
    rotate.add_argument(
        "--drop-old", action="store_true", help="删除以前换下且不再需要的旧密钥 / remove keys of earlier rotations that no value needs"
    )


def run(args: argparse.Namespace) -> int:
    return {"fields": _fields, "who": _who, "link": _link, "rotate-key": _rotate}[args.what](args)


def _fields(args: argparse.Namespace) -> int:
    rows = [
        {"model": one.model, "field": one.field, "class": one.field_class, "purpose": one.purpose, "keep_days": one.keep_days,
         "sealed": one.sealed}
        for one in personal.fields()
    ]  # fmt: skip
    args.say(rows, terminal.records({key: key for key in rows[0]}, rows))
    return 0


def _who(args: argparse.Namespace) -> int:
    post = Post.objects.select_related("parent").filter(code=args.post).first()
    if post is None:
        raise terminal.CommandError(f"没有岗位 {args.post}", f"there is no post {args.post}")
    on = args.on or citytime.today()
    answer = holders.who_answers(post, on)
    name = answer.user.name if answer.user else ""
    data = {
        "post": post.code, "on": on.isoformat(), "user": answer.user.username if answer.user else "", "name": name, "why": answer.why,
        "passed_over": [{"name": who, "why": why} for who, why in answer.passed_over],
    }  # fmt: skip
    args.say(data, f"{post.name} {on}: {name or '无人 / nobody'} ({answer.why})")
    return 0


def _link(args: argparse.Namespace) -> int:
    user = founding.administrator(args.username)
    link = args.address.rstrip("/") + reverse("one-time-link", args=[reset_link(user=user, by=SYSTEM).secret])
    data = {"username": user.username, "link": link, "hours": LINK_HOURS}
    args.say(data, f"{user.username}  {link}\n{LINK_HOURS} 小时内有效，用过即作废 / valid for {LINK_HOURS} hours, worthless once used")
    return 0


def _rotate(args: argparse.Namespace) -> int:
    done = key.rotate_key(
        by=SYSTEM, new_key=not args.carry_on, drop_old=args.drop_old,
        progress=lambda field, moved: args.say.progress(f"{field}:{moved}", f"{field}: {moved}"),
    )  # fmt: skip
    data = {"key_id": done.key_id, "sealed_anew": done.sealed_anew, "retired": list(done.retired)}
    args.say(
        data,
        f"现用密钥 {done.key_id}，重新加密 {done.sealed_anew} 个值，旧密钥 {len(done.retired)} 个。请立即备份密钥文件夹。\n"
        f"key {done.key_id}, {done.sealed_anew} values sealed anew, {len(done.retired)} old keys kept. Back the key folder up now.",
    )
    return 0
