"""What cities write over the columns of their own sheets of persons."""

from tongchou.ledger import registry
from tongchou.ledger.exchange import mapping
from tongchou.people import id_number


def test_common_headers_of_city_sheets_are_understood_without_a_mapping(db):
    head = [(1, ["姓名", "身份证号码", "手机号", "所在社区", "性别", "座右铭"])]
    plan = mapping.plan(registry.get("person"), head, None)
    assert plan.ignored == ["座右铭"]
    raw = plan.raw(["示例甲", "510492198001310015", "15400000000", "510402001001", "男", "无"])
    assert (raw["id_no"], raw["phone"], raw["area_path"]) == ("510492198001310015", "15400000000", "510402001001")


def test_the_example_of_an_identity_number_would_be_accepted(db):
    assert id_number.read(registry.get("person").column("id_no").example).sex == "male"
