"""Every room's pages under their own prefix; a room with pages keeps them in its ``urls.py``."""

from importlib.util import find_spec

from django.urls import include, path
from django.views.i18n import JavaScriptCatalog

PREFIXES = {
    "desk": "",
    "access": "access/",
    "wall": "wall/",
    "field": "field/",
    "api": "api/",
    "ledger": "ledger/",
    "house": "house/",
    "rulebook": "rules/",
    "tasks": "tasks/",
    "people": "people/",
    "zones": "zones/",
    "outbreak": "outbreak/",
    "day": "day/",
}

urlpatterns = [
    path("account/", include("allauth.account.urls")),
    path("account/2fa/", include("allauth.mfa.urls")),
    path("i18n/", include("django.conf.urls.i18n")),
    path("jsi18n/", JavaScriptCatalog.as_view(), name="javascript-catalog"),
    *(
        path(prefix, include(f"tongchou.{room}.urls"))
        for room, prefix in PREFIXES.items()
        if find_spec(f"tongchou.{room}.urls")
    ),
]
