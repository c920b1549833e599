"""Who acts in the replay: posts with their holders, the people whose stories are told, their cases."""

from __future__ import annotations

from datetime import date

from demo.replay.scenario import CaseStory, Scenario, ScenarioBroken
from tongchou import areas
from tongchou.access.actor import Actor
from tongchou.access.models import Post, PostHolding
from tongchou.access.roles import Role
from tongchou.outbreak.models import Case
from tongchou.people.models import Household, Person
from tongchou.places.models import GridCell

OUTBREAK_CODE = "PZH-2020"
_PURPOSES = {
    Role.CDC_CITY: "investigation", Role.CDC_DISTRICT: "investigation", Role.HOSPITAL: "treatment", Role.LAB: "treatment",
    Role.QUARANTINE: "isolation", Role.GRID: "service", Role.SECRETARY: "service",
}  # fmt: skip
_YOUNGEST = 14


class World:
    """The loaded city as the scenario's actors see it. Everything is looked up in the database, nothing is kept beside it."""

    def __init__(self, scenario: Scenario) -> None:
        self.scenario = scenario
        self._actors: dict[str, Actor] = {}
        order = sorted(scenario.cases, key=lambda story: (story.found_at, story.key))
        self.case_nos = {story.key: f"{OUTBREAK_CODE}-{number:03d}" for number, story in enumerate(order, start=1)}
        self._homes: dict[tuple[str, str], list[Person]] | None = None

    def actor(self, code: str) -> Actor:
        """The post with this code and whoever holds it. ``510402-GRID-2`` is the second grid of a county."""
        code = self.resolve(code)
        if code not in self._actors:
            post = Post.objects.filter(code=code).first()
            if post is None:
                raise ScenarioBroken(f"没有岗位 {code}，请核对脚本或 city.toml", f"there is no post {code}: check the scenario or city.toml")
            self._actors[code] = actor_of(post)
        return self._actors[code]

    @staticmethod
    def resolve(code: str) -> str:
        """The post code that a scenario means: a grid may be named by its number in the county."""
        county, _, number = code.partition("-GRID-")
        if not number:
            return code
        paths = GridCell.objects.filter(areas.within("area_path", county)).order_by("area_path").values_list("area_path", flat=True)
        return f"{paths[int(number) - 1]}-GRID"

    def post(self, code: str) -> Post:
        return Post.objects.get(pk=self.actor(code).post_id)

    def case(self, key: str) -> Case:
        """The case of a story that was reported already."""
        return Case.objects.select_related("outbreak").get(case_no=self.case_nos[key])

    def person(self, story: CaseStory) -> Person:
        """The invented resident whose story this is."""
        homes = self.homes()
        family = self.scenario.homes[(story.county, story.home)]
        return homes[(story.county, story.home)][family.index(story)]

    def homes(self) -> dict[tuple[str, str], list[Person]]:
        """{(county, home): people, oldest first}: real households of the ledger, chosen in a fixed order."""
        if self._homes is None:
            self._homes = _choose_homes(self.scenario)
        return self._homes


def actor_of(post: Post) -> Actor:
    """The actor of a post with its holder and the purpose that its work has."""
    holding = PostHolding.objects.filter(post=post).select_related("user").order_by("rank", "id").first()
    return Actor.of_post(post, user=holding.user if holding else None, purpose=_PURPOSES.get(post.role, "duty"))


def _choose_homes(scenario: Scenario) -> dict[tuple[str, str], list[Person]]:
    chosen: dict[tuple[str, str], list[Person]] = {}
    grid_of: dict[str, str] = {}
    used: set[object] = set()
    for number, ((county, home), stories) in enumerate(scenario.homes.items()):
        grid = next((grid_of[story.source] for story in stories if story.source in grid_of), "")
        grid = grid or _grid(county, number)
        household, people = _household(county, grid, len(stories), used, stories[0].onset_on)
        used.add(household.pk)
        chosen[(county, home)] = people
        for story in stories:
            grid_of[story.key] = household.area_path
    return chosen


def _grid(county: str, number: int) -> str:
    paths = list(GridCell.objects.filter(areas.within("area_path", county)).order_by("area_path").values_list("area_path", flat=True))
    return paths[number * 2 % len(paths)] if paths else county


def _household(county: str, grid: str, size: int, used: set[object], on: date) -> tuple[Household, list[Person]]:
    """The first household of the grid, else of the county, with enough people who are old enough."""
    for place in (grid, county):
        rows = Household.objects.filter(areas.within("area_path", place), kind=Household.Kind.FAMILY, member_count__gte=size)
        for household in rows.exclude(pk__in=used).order_by("household_no")[:400]:
            grown = [row for row in household.members.order_by("born_on", "person_no") if on.year - row.born_on.year >= _YOUNGEST]
            if len(grown) >= size:
                return household, grown[:size]
    raise ScenarioBroken(
        f"{county} 没有 {size} 口人的家庭，请用 --people 加大人口", f"{county} has no household of {size}: ask for more --people"
    )
