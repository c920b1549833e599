"""Every page of access opens for whom it is meant, in both languages, and says what it is for."""

import pytest

PAGES = [
    ("/access/", "secretary", "我的账户", "My account"),
    ("/access/purpose/", "cdc_east", "说明查看用途", "State the purpose"),
    ("/access/post/", "grid", "切换岗位", "Switch post"),
    ("/access/organisation/", "office", "组织体系", "Organisation"),
    ("/access/phones/", "secretary", "手机绑定", "Bound phones"),
    ("/access/tokens/", "sec_admin", "接口令牌", "Tokens of machines"),
    ("/access/fields/", "auditor", "个人信息字段", "Personal fields"),
    ("/access/table/", "auditor", "权限表", "Permission table"),
    ("/account/password/change/", "office", "修改密码", "Change password"),
    ("/account/2fa/", "office", "第二因素", "Second factor"),
    ("/account/logout/", "office", "退出", "Sign out"),
]


@pytest.mark.parametrize(("address", "who", "zh", "en"), PAGES)
def test_page_in_both_languages(cast, address, who, zh, en):
    cast.users[who].set_password("not-used-here-7")
    cast.users[who].save()
    client = cast.client(who)
    page = client.get(address)
    assert page.status_code == 200
    assert f"<h1>{zh}</h1>" in page.content.decode()
    english = client.get(address, headers={"accept-language": "en"})
    assert f"<h1>{en}</h1>" in english.content.decode()


def test_sign_in_page_is_ours(client, db):
    page = client.get("/account/login/").content.decode()
    assert "<h1>登录</h1>" in page
    assert "工号" in page
    assert "signup" not in page
