"""Load the demo city: every step once, in order, on the day before the outbreak."""

from __future__ import annotations

from demo.loading import ground, marks, people, places, posts, twins
from demo.loading.plan import Plan
from tongchou import citytime
from tongchou.areas.models import Area
from tongchou.people.models import Person


class OtherCity(Exception):
    """The data folder holds another city, or a demo of another size or seed."""

    def __init__(self, zh: str, en: str) -> None:
        super().__init__(f"{zh} / {en}")
        self.zh, self.en = zh, en


def load_city(plan: Plan, say: marks.Say, *, sign_ins: bool = True) -> None:
    """Load everything that is missing; nothing is loaded twice, an interrupted load goes on.

    ``sign_ins`` also gives one user of each role a password, which a demo alone may do.

    Raises:
        OtherCity: where the folder was begun with another number of people or another seed.
    """
    _demand_same(plan)
    if marks.done("city"):
        return
    with citytime.standing_at(plan.loaded_at):
        if not marks.note_of("plan"):
            marks.note("plan", _signature(plan))
        say("区划与网格", "divisions and grids")
        ground.load_divisions(plan)
        ground.load_populations(plan)
        ground.load_grids(plan)
        say("场所、岗位与责任", "places, posts and responsibilities")
        places.load_places(plan)
        posts.load_posts(plan)
        places.load_responsibilities(plan)
        people.load_people(plan, say)
        twins.load_twins(plan)
        if sign_ins:
            posts.open_sign_ins(plan)
        with marks.step("city") as rows:
            rows.append(plan.total)


def _signature(plan: Plan) -> str:
    return f"people={plan.total} seed={plan.seed}"


def _demand_same(plan: Plan) -> None:
    begun = marks.note_of("plan")
    if not begun and (Area.objects.exists() or Person.objects.exists()):
        raise OtherCity(
            "此数据文件夹已有一座城市，演示不会写入其中；请用 --data 或 TONGCHOU_DATA 另选空文件夹",
            "this data folder holds a city already and the demo writes nothing into it: choose an empty folder with --data or TONGCHOU_DATA",
        )
    if begun and begun != _signature(plan):
        raise OtherCity(
            f"此数据文件夹已按 {begun} 建立，不能再按 {_signature(plan)} 建立；请用 --data 另选一个文件夹",
            f"this data folder was begun with {begun}, not {_signature(plan)}: choose another folder with --data",
        )
