"""My work: what this post must do, in order of urgency, and nothing of another post's."""

from __future__ import annotations

from datetime import timedelta

import pytest

from tongchou import audit, citytime, notices
from tongchou.tasks.actions.task import accept_task, report_task
from tongchou.tasks.queries.today import duration

from tests.cast import EAST, VILLAGE, WEST
from tests.pages.scene import NOON


def page_of(cast, who, **headers):
    answer = cast.client(who).get("/", headers=headers)
    assert answer.status_code == 200
    return answer.content.decode()


def test_the_most_urgent_task_comes_first_and_others_stay_out(cast, open_task_for):
    open_task_for("grid", "今天刚交办的核查", hours_ago=1)
    open_task_for("grid", "昨天就该办完的核查", hours_ago=30)
    open_task_for("grid_west", "西山的核查", asked_by="west", area="510403001001")
    page = page_of(cast, "grid")
    assert page.index("昨天就该办完的核查") < page.index("今天刚交办的核查")
    assert "西山的核查" not in page
    assert "待办 2 件，其中超时 1 件" in page
    assert "超时 6 小时" in page  # 24 hours from 30 hours ago
    assert "还剩 23 小时" in page


def test_what_was_reported_waits_for_the_post_that_asked(cast, open_task_for):
    task = open_task_for("grid", "核查出入登记")
    accept_task(task=task, by=cast.actor("grid"))
    report_task(task=task, note="登记齐全，缺 2 人已补。", by=cast.actor("grid"))
    asked = page_of(cast, "east")
    assert "待复核、待办结" in asked
    assert "登记齐全，缺 2 人已补。" in asked
    assert "复核通过" in asked
    assert "核查出入登记" not in page_of(cast, "grid").split('id="todo-title"')[1].split("</section>")[0]
    assert "今天已反馈 1 件" in page_of(cast, "grid")


def test_english_is_complete_on_the_first_page(cast, open_task_for):
    open_task_for("grid", "核查", title_en="Check the compound", hours_ago=30)
    page = page_of(cast, "grid", **{"accept-language": "en"})
    assert "<h1>My work</h1>" in page
    assert "1 task to do, 1 overdue" in page
    assert "Check the compound" in page
    assert "6 h overdue" in page


def test_a_post_without_tasks_is_told_so(cast):
    page = page_of(cast, "department")
    assert "现在没有待办" in page
    assert "看指挥大屏" in page


def test_a_user_without_a_post_is_told_whom_to_ask(cast):
    cast.add("newcomer", "新人")
    page = page_of(cast, "newcomer")
    assert "您还没有岗位" in page
    assert "请让系统管理员" in page


def test_the_menu_holds_only_what_the_post_may_open(cast):
    grid, auditor = page_of(cast, "grid"), page_of(cast, "auditor")
    assert 'href="/field/"' in grid
    assert 'href="/wall/"' in grid
    assert "权限表" not in grid
    assert "权限表" in auditor
    assert 'href="/wall/"' not in auditor


def test_the_frame_names_city_clock_and_post(cast):
    page = page_of(cast, "grid")
    assert "<b>12:00</b>" in page
    assert "一村网格员" in page
    assert "葛网" in page


def test_administrators_get_their_own_list(cast):
    cast.posts["lab"].holdings.all().delete()
    page = page_of(cast, "sys_admin")
    assert "管理事项" in page
    vacant = page.split("空缺的岗位")[1].split("</tr>")[0]
    assert ">1<" in vacant
    assert "管理事项" not in page_of(cast, "grid")


class TestSinceLastVisit:
    def line(self, who, cast, area, count=1):
        for _ in range(count):
            audit.record("create", ledger="place", object_id="p-9", by=cast.actor(who).by, area=area)

    def test_changes_by_others_in_the_own_area_are_counted(self, cast):
        page_of(cast, "cdc_east")
        with citytime.standing_at(NOON + timedelta(hours=1)):
            self.line("grid", cast, VILLAGE, count=3)
            self.line("grid_west", cast, WEST)
            self.line("cdc_east", cast, EAST)
            audit.record("list", ledger="place", object_id="", by=cast.actor("grid").by, area=VILLAGE, count=5)
        with citytime.standing_at(NOON + timedelta(hours=2)):
            page = page_of(cast, "cdc_east")
        section = page.split('id="changes-title"')[1]
        assert "场所 · 新建" in section
        assert '<span class="num">3</span>' in section
        assert section.count('class="change"') == 1

    def test_a_reload_is_the_same_visit(self, cast):
        page_of(cast, "cdc_east")
        with citytime.standing_at(NOON + timedelta(minutes=10)):
            self.line("grid", cast, VILLAGE)
            assert "这是您第一次打开这一页" in page_of(cast, "cdc_east")

    def test_a_clock_set_back_does_not_break_the_page(self, cast):
        page_of(cast, "cdc_east")
        with citytime.standing_at(NOON - timedelta(days=3)):
            assert "您的辖区没有别人做的改动" in page_of(cast, "cdc_east")


def test_unread_notices_stand_on_the_first_page_and_on_the_bell(cast):
    for number in range(7):
        notices.send(to_post=str(cast.posts["lab"].pk), title=f"第 {number} 条", key=f"n{number}")
    page = page_of(cast, "lab")
    assert page.count("notice-line is-unread") == 5
    assert "通知：7 条未读" in page


@pytest.mark.parametrize(
    ("span", "words"),
    [
        (timedelta(minutes=0), "0 分"),
        (timedelta(minutes=59, seconds=59), "59 分"),
        (timedelta(hours=2), "2 小时"),
        (timedelta(hours=2, minutes=5), "2 小时 5 分"),
        (timedelta(days=3, hours=4, minutes=50), "3 天 4 小时"),
        (timedelta(days=1), "1 天"),
    ],
)
def test_spans_are_said_in_their_two_largest_units(span, words):
    assert duration(span) == words
