"""The brief as a page: run by a command post, read by others."""

import pytest

from tongchou import citytime
from tongchou.day.models import DayBrief

from tests import cast as people
from tests.outbreak import panzhihua


@pytest.fixture
def cast(db):
    with citytime.standing_at(panzhihua.at(2, 14, 17)):
        gathered = people.gather()
        panzhihua.build_outbreak()
        yield gathered


def test_the_command_runs_the_day_and_everybody_in_the_office_reads_it(cast):
    client = cast.client("command")
    assert "这一天还没有简报" in client.get("/day/").content.decode()
    page = client.post("/day/run/", {"date": "2020-02-14"}, follow=True).content.decode()
    assert "已运行 2020-02-14" in page or "已运行 2020年2月14日" in page
    assert "截至 2020-02-14 17:00（当日未满 24 时）" in page
    assert DayBrief.objects.get().by_post == cast.actor("command").post_id
    read = cast.client("cdc_east").get("/day/?date=2020-02-14").content.decode()
    assert "运行六步" not in read and "累计确诊 0 例" in read
    english = cast.client("office").get("/day/", headers={"accept-language": "en"}).content.decode()
    assert "0 confirmed in total" in english


def test_a_refused_day_is_told_on_the_page(cast):
    client = cast.client("office")
    assert "还没有到" in client.post("/day/run/", {"date": "2020-02-15"}, follow=True).content.decode()
    assert "请写成 2020-02-14" in client.get("/day/?date=14.2.").content.decode()
    assert cast.client("cdc_east").post("/day/run/", {"date": "2020-02-14"}).status_code in (403, 404)
    assert DayBrief.objects.count() == 0
