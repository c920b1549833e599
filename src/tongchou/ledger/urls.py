from django.urls import path

from tongchou.ledger import pages

urlpatterns = [
    path("<slug:key>/", pages.list_page, name="ledger-list"),
    path("<slug:key>/count/", pages.count_page, name="ledger-count"),
    path("<slug:key>/new/", pages.new_page, name="ledger-new"),
    path("<slug:key>/<uuid:pk>/", pages.detail_page, name="ledger-detail"),
    path("<slug:key>/<uuid:pk>/edit/", pages.edit_page, name="ledger-edit"),
    path("<slug:key>/<uuid:pk>/do/<slug:name>/", pages.action_page, name="ledger-action"),
]
