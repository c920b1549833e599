"""Notices of a post: unread first, read by a post, opened where they lead, never another post's."""

from __future__ import annotations

from tongchou import notices


def send(cast, who, **values):
    return notices.send(**{"to_post": str(cast.posts[who].pk), "title": "任务将到期", "key": f"k-{who}-{values.get('title', '')}", **values})


def test_a_click_marks_it_read_and_follows_its_link(cast):
    row = send(cast, "grid", link="/field/")
    answer = cast.client("grid").post(f"/notices/{row.pk}/")
    assert answer["Location"] == "/field/"
    row.refresh_from_db()
    assert row.read_by == str(cast.users["grid"].pk)


def test_a_link_to_another_site_is_not_followed(cast):
    row = send(cast, "grid", link="https://example.org/")
    assert cast.client("grid").post(f"/notices/{row.pk}/")["Location"] == "/notices/"


def test_another_post_s_notice_does_not_exist(cast):
    row = send(cast, "grid")
    for method in ("get", "post"):
        assert getattr(cast.client("grid_west"), method)(f"/notices/{row.pk}/").status_code == 404
    row.refresh_from_db()
    assert row.read_at is None


def test_read_all_reads_only_the_own_ones(cast):
    mine, other = send(cast, "grid"), send(cast, "grid_west")
    cast.client("grid").post("/notices/read-all/")
    mine.refresh_from_db()
    other.refresh_from_db()
    assert mine.read_at is not None
    assert other.read_at is None


def test_the_list_says_when_it_is_empty_and_pages_when_long(cast):
    assert "还没有通知" in cast.client("lab").get("/notices/").content.decode()
    for number in range(31):
        send(cast, "lab", title=f"第 {number} 条")
    page = cast.client("lab").get("/notices/").content.decode()
    assert page.count("notice-line") == 30
    assert "较早的" in page
