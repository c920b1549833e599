"""Names for invented people: common surnames with weights of our own, and characters for given names.

The weights follow no register; they only make frequent surnames frequent. No name here is taken
from a list of real persons.
"""

from __future__ import annotations

import numpy as np

SURNAMES = (
    "李王张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧程曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪田任姜范方"
    "石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文"
)
_MEN = "伟强磊军洋勇杰涛明超刚平辉鹏华飞鑫波斌宇浩凯健俊帆志建国林峰文海东成亮德永安民贵山川松柏荣祥福顺庆春生"
_WOMEN = "芳娜敏静丽艳娟霞秀兰玲桂英梅红燕萍华玉珍淑慧琳雪莲莉萱怡婷倩欣颖洁芬菊凤翠云月秋春瑶蓉琴香彩巧雅文思"
_TWO_CHARACTERS = 0.82
PLACE_SYLLABLES = "安宁和顺永昌金沙瑞丰明德新兴长青益民康泰福源宏达天成恒远鸿运嘉禾"


def _weights(count: int) -> np.ndarray:
    weights = 1.0 / (np.arange(count) + 6.0)
    return weights / weights.sum()


def draw_surnames(count: int, chance: np.random.Generator) -> np.ndarray:
    """``count`` surnames as an array of one-character texts."""
    return np.array(list(SURNAMES))[chance.choice(len(SURNAMES), size=count, p=_weights(len(SURNAMES)))]


def draw_given_names(sex: np.ndarray, chance: np.random.Generator) -> np.ndarray:
    """A given name of one or two characters for each person (0 man, 1 woman)."""
    names = np.empty(len(sex), dtype="<U2")
    for which, characters in ((0, _MEN), (1, _WOMEN)):
        rows = np.flatnonzero(sex == which)
        pool = np.array(list(characters))
        first = pool[chance.integers(0, len(pool), len(rows))]
        second = pool[chance.integers(0, len(pool), len(rows))]
        second = np.where(chance.random(len(rows)) < _TWO_CHARACTERS, second, "")
        names[rows] = np.char.add(first, second)
    return names
