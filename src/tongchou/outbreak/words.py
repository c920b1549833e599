"""The words of every reason that the outbreak room gives, in Chinese and English."""

from __future__ import annotations

from tongchou.reason import Reason, say

# Words that are stored in titles and refusals, whatever language the writer reads: (Chinese, English).
STATUS = {
    "suspected": ("疑似", "suspected"),
    "clinically_diagnosed": ("临床诊断", "clinically diagnosed"),
    "confirmed": ("确诊", "confirmed"),
    "asymptomatic": ("无症状感染", "asymptomatic"),
    "excluded": ("排除", "excluded"),
}
SEVERITY = {
    "mild": ("轻型", "mild"),
    "moderate": ("普通型", "moderate"),
    "severe": ("重型", "severe"),
    "critical": ("危重型", "critical"),
}
OUTCOME = {"recovered": ("治愈出院", "recovered"), "died": ("死亡", "dead"), "moved": ("转出", "moved away")}
WORDS: dict[str, tuple[str, str]] = {
    "definition.none": (
        "{day} 规则库中没有适用的病例定义，未作判定",
        "the rulebook has no case definition for {day}: not judged",
    ),
    "definition.not_found": (
        "病例定义 {version} 的原文未找到，未作判定；请在规则库中填写",
        "the text of case definition {version} was not found: not judged; enter it in the rulebook",
    ),
    "definition.not_ticked": ("未勾选定义条目，未按 {version} 判定", "no items were ticked: not judged by {version}"),
    "definition.no_items": ("{version} 对此状态没有条目", "{version} has no items for this status"),
    "status.clinical_not_here": (
        "{day} 本地不设“临床诊断”状态（仅湖北曾设）；请按疑似登记",
        "on {day} there is no status of clinical diagnosis here (only Hubei had it): report it as suspected",
    ),
    "suspected.met": (
        "按 {version}：流行病学史 {epi} 条、临床表现 {clinical} 条，符合疑似",
        "by {version}: {epi} epidemiological and {clinical} clinical items, so suspected",
    ),
    "suspected.not_met": (
        "按 {version}：流行病学史 {epi} 条（需 {epi_needed}）、临床表现 {clinical} 条（需 {clinical_needed}），不符合疑似",
        "by {version}: {epi} epidemiological items ({epi_needed} needed) and {clinical} clinical ones"
        " ({clinical_needed} needed), so not suspected",
    ),
    "suspected.open": (
        "按 {version}：流行病学史 {epi} 条（需 {epi_needed}）、临床表现 {clinical} 条（需 {clinical_needed}），其余条目未问，尚不能判定",
        "by {version}: {epi} epidemiological items ({epi_needed} needed) and {clinical} clinical ones"
        " ({clinical_needed} needed); other items were not asked, so it cannot be judged yet",
    ),
    "suspected.alone": (
        "无流行病学史时需临床表现 {alone_needed} 条",
        "without any epidemiological item {alone_needed} clinical items are needed",
    ),
    "confirmed.proof": ("按 {version} 的确诊依据：{zh}", "proof by {version}: {en}"),
    "confirmed.no_proof": (
        "按 {version} 缺少确诊依据，须有其一：{zh}",
        "by {version} the proof is missing, one of: {en}",
    ),
    "converted.met": ("已出现症状或影像学表现", "symptoms or imaging signs have appeared"),
    "converted.not_met": ("没有症状或影像学表现，仍为无症状感染", "no symptoms or imaging signs: still asymptomatic"),
    "converted.open": ("未填写有无症状或影像学表现", "whether symptoms or imaging signs appeared was not entered"),
    "asymptomatic.met": ("按 {version}：标本阳性且无临床表现", "by {version}: specimen positive and no clinical item"),
    "asymptomatic.no_proof": ("按 {version} 缺少阳性标本", "by {version} a positive specimen is missing"),
    "asymptomatic.has_signs": (
        "按 {version} 已有临床表现，不是无症状感染",
        "by {version} there are clinical items, so it is no asymptomatic infection",
    ),
    "release.none": (
        "{day} 规则库中没有适用的出院或排除标准，未作判定",
        "the rulebook has no rule of release or exclusion for {day}: not judged",
    ),
    "release.met": ("符合：{zh}", "meets the rule: {en}"),
    "release.lacks": ("尚缺：{zh}", "still missing: {en}"),
    "release.negatives": (
        "尚缺：连续 {needed} 次呼吸道标本核酸阴性，采样间隔至少 {hours} 小时（现有 {shown} 次）",
        "still missing: {needed} negative respiratory samples in a row at least {hours} hours apart ({shown} so far)",
    ),
    "release.fever": (
        "尚缺：体温正常超过 {needed} 天（现为 {days} 天）",
        "still missing: temperature normal for more than {needed} days ({days} so far)",
    ),
    "release.observation": (
        "尚缺：观察满 {needed} 天（现为 {days} 天）",
        "still missing: {needed} days of observation ({days} so far)",
    ),
    "release.antibody": (
        "尚缺：发病满 {needed} 天后抗体阴性（须已填发病日期）",
        "still missing: antibodies negative {needed} days or more after onset (the onset must be entered)",
    ),
    "taken_back": ("更正：{reason}", "taken back: {reason}"),
}


def speak(reason: Reason, lang: str) -> str:
    """One reason in ``"zh"`` or ``"en"``."""
    return say(reason, WORDS, lang)
