"""Forms of sign-in and of the access pages. What they may do is checked in ``actions/``."""

from __future__ import annotations

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from django import forms
from django.utils.translation import gettext_lazy as _

from tongchou.access.models import Post, PostHolding, User


class SignInForm(LoginForm):
    """Work number and password; nothing is remembered beyond the session."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["login"].label = _("工号")
        self.fields["login"].widget.attrs = {"autocomplete": "username", "autofocus": True, "maxlength": 64, "spellcheck": "false"}
        self.fields["password"].label = _("密码")
        self.fields["password"].help_text = ""
        self.fields["password"].widget.attrs = {"autocomplete": "current-password"}
        self.fields.pop("remember", None)


class OwnPasswordForm(ChangePasswordForm):
    """Without the way to a reset by mail, which a city does not offer: an administrator gives a one-time link."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["oldpassword"].help_text = _("忘记了密码的，请系统管理员发给一次性链接。")


class NewPasswordForm(forms.Form):
    password = forms.CharField(
        label=_("新密码"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}), min_length=10,
        help_text=_("至少 10 个字符，不要与工号、姓名相近，不要全是数字。"),
    )
    again = forms.CharField(label=_("再输入一次"), widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}))

    def clean(self) -> dict[str, Any]:
        data = super().clean() or {}
        if data.get("password") != data.get("again"):
            self.add_error("again", _("两次输入的密码不同。"))
        return data


PIN_ATTRS = {"inputmode": "numeric", "pattern": "[0-9]{6}", "maxlength": 6}


class BindPhoneForm(forms.Form):
    pin = forms.CharField(
        label=_("设定 6 位数字 PIN"), max_length=6, widget=forms.PasswordInput(attrs={**PIN_ATTRS, "autocomplete": "new-password"})
    )
    pin_again = forms.CharField(
        label=_("再输入一次"), max_length=6, widget=forms.PasswordInput(attrs={**PIN_ATTRS, "autocomplete": "new-password"})
    )


class PinForm(forms.Form):
    pin = forms.CharField(
        label=_("6 位数字 PIN"), max_length=6,
        widget=forms.PasswordInput(attrs={**PIN_ATTRS, "autocomplete": "current-password", "autofocus": True}),
    )


class DayInput(forms.DateInput):
    input_type = "date"


class DeputiseForm(forms.Form):
    """A deputy or acting holder, named by work number: the list of the city's users is not for browsing."""

    username = forms.CharField(label=_("工号"), max_length=64)
    kind = forms.ChoiceField(label=_("类型"), choices=[])
    rank = forms.IntegerField(label=_("代理顺序"), min_value=1, max_value=9, initial=1, required=False)
    from_on = forms.DateField(label=_("起"), required=False, widget=DayInput, help_text=_("空白为今天"))
    to_on = forms.DateField(label=_("止"), required=False, widget=DayInput, help_text=_("空白为长期"))

    def __init__(self, *args: Any, with_holder: bool = False, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        kinds = [PostHolding.Kind.HOLDER] if with_holder else []
        kinds += [PostHolding.Kind.DEPUTY, PostHolding.Kind.ACTING]
        self.fields["kind"].choices = [(kind.value, kind.label) for kind in kinds]  # type: ignore[attr-defined]

    def clean_username(self) -> str:
        username = self.cleaned_data["username"].strip()
        user = User.objects.filter(username=username).first()
        if user is None:
            raise forms.ValidationError(_("没有这个工号的账户，请系统管理员先建立账户。"))
        self.user = user
        return username


class AbsenceForm(forms.Form):
    from_on = forms.DateField(label=_("请假起"), required=False, widget=DayInput, help_text=_("空白为今天"))
    to_on = forms.DateField(label=_("请假止"), required=False, widget=DayInput, help_text=_("空白为到销假为止"))


class TokenForm(forms.Form):
    name = forms.CharField(label=_("用于哪个系统"), max_length=80)
    post_code = forms.CharField(label=_("岗位代码"), max_length=64, help_text=_("令牌以该岗位的权限和范围行事"))
    days = forms.IntegerField(label=_("有效天数"), min_value=1, max_value=365, initial=90)
    per_minute = forms.IntegerField(label=_("每分钟次数"), min_value=1, max_value=6000, initial=120)

    def clean_post_code(self) -> str:
        code = self.cleaned_data["post_code"].strip()
        post = Post.objects.filter(code=code).first()
        if post is None:
            raise forms.ValidationError(_("没有这个岗位代码。"))
        self.post = post
        return code
