"""The sentences of an explained infection, in both languages."""

from __future__ import annotations

from tongchou.reason import Words

_STEPS = {
    "household": ("在家庭 {place} 中", "in household {place}"), "school": ("在学校 {place} ", "in school {place}"),
    "team": ("在班组 {place} ", "in team {place}"), "workplace": ("在单位 {place} ", "at workplace {place}"),
    "community": ("在社区 {place} 的日常往来中", "among people of neighbourhood {place}"),
    "transport": ("在通勤线路 {place} 上", "on route {place}"), "institution": ("在机构 {place} ", "in institution {place}"),
}  # fmt: skip

WORDS: Words = {
    "infected_import": ("人员 {person} 第 {day} 天由外输入感染", "person {person} was infected from outside on day {day}"),
    **{
        f"infected_{name}": (
            f"人员 {{person}} 第 {{day}} 天{zh}被人员 {{infector}} 感染",
            f"person {{person}} was infected by person {{infector}} on day {{day}} {en}",
        )
        for name, (zh, en) in _STEPS.items()
    },
}
