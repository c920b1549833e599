"""Pages of access under /access/."""

from django.urls import path

from tongchou.access.pages import account, administration, doors, phones, posts

urlpatterns = [
    path("", account.account, name="access-account"),
    path("purpose/", account.purpose, name="purpose"),
    path("post/", account.switch_post, name="switch-post"),
    path("organisation/", posts.organisation, name="organisation"),
    path("posts/<uuid:pk>/", posts.post_holders, name="post-holders"),
    path("phones/", phones.phones, name="phones"),
    path("phones/<uuid:pk>/code/", phones.phone_code, name="phone-code"),
    path("phones/<uuid:pk>/unbind/", phones.phone_unbind, name="phone-unbind"),
    path("phone/", doors.phone_sign_in, name="phone-sign-in"),
    path("phone/bind/<str:secret>/", doors.phone_bind, name="phone-bind"),
    path("link/<str:secret>/", doors.one_time_link, name="one-time-link"),
    path("users/", administration.accounts, name="accounts"),
    path("users/<uuid:pk>/", administration.user_doors, name="user-doors"),
    path("tokens/", administration.tokens, name="tokens"),
    path("tokens/<uuid:pk>/", administration.token_change, name="token-change"),
    path("fields/", administration.personal_fields, name="personal-fields"),
    path("table/", administration.permission_table, name="permission-table"),
]
