"""A02: posts, deputies, scopes; every record belongs to a post; the acting-holder rule, driven through the pages."""

from datetime import date, timedelta

import pytest

from tongchou import audit, citytime
from tongchou.access.actions import post as posts
from tongchou.access.errors import AccessError
from tongchou.access.models import PostHolding
from tongchou.access.queries import holders
from tongchou.tasks.actions.task import open_task
from tongchou.tasks.models import Task

DAY = date(2020, 2, 14)


@pytest.fixture
def noon():
    with citytime.standing_at(citytime.at_hour(DAY, 12)):
        yield


@pytest.mark.mechanism("A02")
def test_organisation_model_with_posts_deputies_scopes_and_acting_holder_rule(noon, cast):
    """"Organisation model with posts, deputies, scopes; every record owned by a post, not a person; acting-holder rule"."""
    village, deputy = cast.posts["secretary"], cast.add("deputy", "戴副")
    page = f"/access/posts/{village.pk}/"

    # The three tiers: command post, county, street, village, each under the one above.
    tree = cast.client("office").get("/access/organisation/?post=STREET").content.decode()
    assert tree.index("市指挥部") < tree.index("东山区指挥部") < tree.index("河口街道书记") < tree.index("一村书记")

    # A record of the village's post, while its holder is there.
    task = open_task(
        kind="check", title="核查返乡人员", post=village, ledger="post", object_id=str(village.pk), area_path=village.area_path, key="a02",
        by=cast.actor("street"),
    )
    assert "苏村 · 任职" in cast.client("office").get(page).content.decode()

    # The street's secretary names a deputy, who has no say while the holder is in the post.
    street = cast.client("street")
    street.post(page, {"do": "deputise", "username": "deputy", "kind": "deputy", "rank": "1"})
    assert holders.posts_of(deputy, DAY) == []

    # The holder goes on leave: from that moment the deputy answers, and works on the same record.
    holding = PostHolding.objects.get(post=village, user=cast.users["secretary"])
    street.post(page, {"do": "absent", "holding": str(holding.pk), "from_on": "2020-02-14", "to_on": "2020-02-16"})
    shown = street.get(page).content.decode()
    assert "戴副 · 副职代理" in shown
    assert "苏村 请假" in shown
    assert [post.code for post in holders.posts_of(deputy, DAY)] == ["SECRETARY"]
    assert Task.objects.get(pk=task.pk).owner_post == str(village.pk)

    # Back on the 17th; then the holder leaves for good and the post keeps its records.
    assert holders.who_answers(village, date(2020, 2, 17)).user == cast.users["secretary"]
    posts.end_holding(holding=holding, by=cast.actor("sys_admin"))
    answer = holders.who_answers(village, date(2020, 2, 17))
    assert (answer.user, answer.why, answer.passed_over) == (deputy, "deputy", (("苏村", "left"),))
    assert Task.objects.get(pk=task.pk).owner_post == str(village.pk)

    # Scope: the street sees the village below it, the village of the other county does not.
    assert cast.client("street").get(f"/ledger/task/{task.pk}/").status_code == 200
    assert cast.client("secretary_west").get(f"/ledger/task/{task.pk}/").status_code == 404

    # Every step is in the trail under the acting post.
    told = [(line.action, line.post) for line in audit.timeline("post", str(village.pk))]
    assert ("deputise", str(cast.posts["street"].pk)) in told
    assert ("mark_absent", str(cast.posts["street"].pk)) in told


def test_deputies_act_in_their_order_and_then_the_post_above(cast):
    village, street = cast.posts["secretary"], cast.posts["street"]
    first, second, acting = cast.add("first", "甲副"), cast.add("second", "乙副"), cast.add("acting", "代理")
    today = citytime.today()
    by = cast.actor("sys_admin")
    posts.deputise(post=village, user=second, rank=2, by=by)
    one = posts.deputise(post=village, user=first, rank=1, by=by)
    posts.end_holding(holding=PostHolding.objects.get(post=village, kind="holder"), by=by)
    assert holders.who_answers(village, today).user == first
    posts.mark_absent(holding=one, by=by)
    assert holders.who_answers(village, today).user == second
    named = posts.deputise(post=village, user=acting, kind="acting", by=by)
    assert holders.who_answers(village, today).why == "acting"
    for row in (named, *PostHolding.objects.filter(post=village, kind="deputy")):
        posts.end_holding(holding=row, by=by)
    answer = holders.who_answers(village, today)
    assert (answer.user, answer.why) == (cast.users["street"], "above")
    for row in PostHolding.objects.exclude(post__role__in=("SYS_ADMIN", "SEC_ADMIN")):
        posts.end_holding(holding=row, by=by)
    assert holders.who_answers(street, today).why == "vacant"


@pytest.mark.parametrize(
    ("who", "post", "code"),
    [
        ("secretary", "grid_west", "out_of_area"),  # the other county
        ("secretary", "cdc_east", "forbidden_role"),  # a role that sees health data
        ("grid", "grid", "forbidden"),  # no say at all
        ("cdc_east", "hospital", "forbidden"),
    ],
)
def test_nobody_names_deputies_outside_the_own_reach(cast, who, post, code):
    friend = cast.add("friend", "友人")
    with pytest.raises(AccessError) as refused:
        posts.deputise(post=cast.posts[post], user=friend, by=cast.actor(who))
    assert refused.value.code == code
    assert refused.value.zh
    assert refused.value.en
    assert not PostHolding.objects.filter(user=friend).exists()


def test_days_that_cannot_be_are_refused(cast):
    friend, by, post = cast.add("friend", "友人"), cast.actor("sys_admin"), cast.posts["grid"]
    today = citytime.today()
    with pytest.raises(AccessError, match="早于"):
        posts.appoint(post=post, user=friend, from_on=today, to_on=today - timedelta(days=1), by=by)
    posts.end_post(post=post, on=today, by=by)
    with pytest.raises(AccessError, match="已撤销"):
        posts.appoint(post=post, user=friend, from_on=today + timedelta(days=1), by=by)
    assert holders.who_answers(post, today + timedelta(days=1)).why == "above"


def test_switching_post_is_a_page_and_audited(cast):
    user = cast.users["secretary"]
    posts.appoint(post=cast.posts["checkpoint"], user=user, by=cast.actor("sys_admin"))
    client = cast.client("secretary")
    assert "一村卡点" in client.get("/access/post/").content.decode()
    client.post("/access/purpose/", {"purpose": "service"})
    client.post("/access/post/", {"post": str(cast.posts["checkpoint"].pk)})
    page = client.get("/access/").content.decode()
    assert "一村卡点 · 卡点" in page
    assert "未说明" in page  # the purpose was given for the other post
    line = audit.timeline("post", str(cast.posts["checkpoint"].pk)).first()
    assert (line.action, line.post, line.user) == ("switch_post", str(cast.posts["secretary"].pk), str(user.pk))


def test_a_post_of_somebody_else_cannot_be_taken(cast):
    client = cast.client("grid")
    page = client.post("/access/post/", {"post": str(cast.posts["cdc_city"].pk)})
    assert "您目前不能代表该岗位" in page.content.decode()
    assert client.get("/").wsgi_request.actor.post_code == "GRID"
