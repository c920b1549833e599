"""The words for what the trail calls an action."""

from __future__ import annotations

from django.utils.translation import gettext as _

from tongchou.ledger import registry


def action_name(ledger_key: str, action: str) -> str:
    """``confirm`` or ``case.confirm`` of the ledger ``case`` as people say it; the bare word where nobody named it."""
    word = action.rpartition(".")[2]
    plain = {
        "create": _("新建"), "change": _("修改"), "import": _("导入"), "undo": _("撤销导入"), "open": _("建立"),
        "start": _("开始计时"), "stop": _("停止计时"), "escalate": _("催办上报"), "remind": _("提醒"), "propose": _("提出建议"),
        "decide": _("决定"), "publish": _("公布"), "merge": _("合并"), "unmerge": _("撤销合并"), "assign": _("交办"),
    }  # fmt: skip
    for ledger in registry.every():
        if ledger.key == ledger_key:
            for one in ledger.actions:
                if one.name == word:
                    return str(one.label)
    return plain.get(word, word)
