"""Scope by path: an index serves it on either database, and it selects exactly the descendants."""

from datetime import date, timedelta

import pytest
from django.db import connection, transaction
from django.db.models import Q

from tongchou import areas, citytime
from tongchou.areas import snapshot
from tongchou.areas.actions.division import import_divisions
from tongchou.areas.actions.reform import merge_areas
from tongchou.areas.models import Area, AreaOutline, TreeStamp
from tongchou.audit.ids import uuid7

from tests.areas.small_city import CLERK

D2019 = date(2019, 1, 1)


@pytest.fixture
def many_areas(db):
    """3,100 divisions of one invented city: 100 townships of 30 villages."""
    rows = []
    for township in range(100):
        path = f"5104{township // 25 + 10:02d}{township % 25 + 1:03d}"
        for place in [path, *(f"{path}{village:03d}" for village in range(1, 31))]:
            rows.append(
                Area(
                    code=areas.code_of(place), path=place, parent_path=areas.parent_of(place), name=place,
                    level=areas.level_of(place), valid_from_on=D2019,
                )
            )  # fmt: skip
    Area.objects.bulk_create(rows, batch_size=1000)
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE areas_area")


def plan(query):
    return query.explain()


def served_by_index(told, table):
    """SQLite says SEARCH or SCAN, PostgreSQL Index (Only) Scan, Bitmap Index Scan or Seq Scan."""
    searched = f"SEARCH {table} USING" in told or "Index Scan" in told or "Index Only Scan" in told
    return searched and f"SCAN {table}" not in told and "Seq Scan" not in told


def test_a_scope_is_read_through_the_index_and_never_by_a_full_scan(many_areas):
    scope = Area.objects.filter(areas.within("path", "510411003"))
    assert scope.count() == 31
    for query in (scope, scope.order_by("path", "id")[:50]):
        told = plan(query)
        assert served_by_index(told, "areas_area"), told


def test_a_table_placed_by_area_path_and_id_is_read_through_that_index(db):
    AreaOutline.objects.bulk_create(
        AreaOutline(
            area_path=f"5104{10 + n // 300}{n % 300:03d}", geometry={}, datum="WGS-84", source="invented",
            file_sha256="0" * 64, imported_at=citytime.now(),
        )
        for n in range(3000)
    )  # fmt: skip
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE areas_areaoutline")
    told = plan(AreaOutline.objects.filter(areas.within("area_path", "510412")).order_by("area_path", "id")[:50])
    assert served_by_index(told, "areas_areaoutline") and "area_outline_path" in told, told
    assert "TEMP B-TREE" not in told and "Sort" not in told, told


def test_a_merged_scope_is_read_through_the_index_too(many_areas):
    day = date(2020, 3, 1)
    merge_areas(from_paths=["510411004"], to="510411003", on=day, by=CLERK)
    with citytime.standing_at(citytime.day_start(day)):
        scope = Area.objects.filter(areas.within("path", "510411003"))
    assert scope.count() == 31 + 30 + 31  # its own, the villages under new codes, the rows of the merged township
    told = plan(scope)
    assert served_by_index(told, "areas_area"), told


def test_a_scope_holds_exactly_what_begins_with_its_path(many_areas):
    paths = list(Area.objects.values_list("path", flat=True))
    for path in ("51", "5104", "510410", "510410003", "510413025030", "510499"):
        held = set(Area.objects.filter(areas.within("path", path)).values_list("path", flat=True))
        assert held == {place for place in paths if place.startswith(path)}


def test_a_scope_by_a_full_code_is_the_same_and_nonsense_opens_nothing(small_city):
    assert areas.within("area_path", "510402000000") == areas.within("area_path", "510402")
    assert areas.within("area_path", "510402") == Q(area_path__gte="510402", area_path__lt="510403")
    for nonsense in ("", "5", "51%", "0", "510402000000000000"):
        with pytest.raises(areas.BadCode):
            areas.within("area_path", nonsense)


def test_the_snapshot_is_renewed_after_every_change_and_costs_one_question(small_city, django_assert_max_num_queries):
    areas.name_of("510402001")
    with django_assert_max_num_queries(0):
        for _ in range(50):
            assert areas.name_of("510402001") == "河口街道"
            areas.full_name("510402001002")
            areas.within("path", "510402")
    row = Area.objects.get(path="510402001")
    row.name = "江口街道"
    row.save()
    assert areas.name_of("510402001") == "江口街道"
    Area.objects.filter(path="510402001").update(name="湖口街道")
    assert areas.name_of("510402001") == "湖口街道"


@pytest.mark.django_db(transaction=True)
def test_a_change_rolled_back_is_forgotten_and_another_process_is_heard(monkeypatch):
    import_divisions(file="code,name\n5104,某市\n".encode(), valid_from_on=D2019, by=CLERK)
    assert areas.name_of("5104") == "某市"

    class Undo(Exception):
        pass

    with pytest.raises(Undo), transaction.atomic():
        Area.objects.update(name="改了")
        assert areas.name_of("5104") == "改了"
        raise Undo
    assert areas.name_of("5104") == "某市"

    # Another process writes: its rows and its token arrive without this process's own functions being called.
    with connection.cursor() as cursor:
        cursor.execute("UPDATE areas_area SET name = %s", ["别处改的"])
    assert areas.name_of("5104") == "某市"
    fresh = snapshot.tree()
    TreeStamp.objects.update(token=uuid7())
    monkeypatch.setattr(snapshot, "RECHECK_SECONDS", 0.0)
    assert areas.name_of("5104") == "别处改的" and snapshot.tree() is not fresh
    kept = snapshot.tree()
    assert snapshot.tree() is kept  # the same token: the tree is not read again


def test_below_and_children_follow_the_days(small_city):
    end = D2019 + timedelta(days=400)
    Area.objects.filter(path="510402001003").update(valid_to_on=end)
    assert len(areas.children("510402001", end - timedelta(days=1))) == 3
    assert len(areas.children("510402001", end)) == 2
    assert [row.path for row in areas.below("", end, "city")] == ["5104"]


def test_a_division_is_found_by_its_short_or_full_name(small_city):
    tree = areas.tree()

    def named(text, on=date(2020, 2, 14)):
        return [row.path for row in tree.named(text, on)]

    assert named("一村") == ["510402001001"]
    assert named("河口街道一村") == named("试验市东山区河口街道一村") == ["510402001001"]
    assert named("西山区一村") == [] and named("") == [] and named("村") == []
    assert named("一村", date(2018, 1, 1)) == []
