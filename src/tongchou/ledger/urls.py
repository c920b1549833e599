from django.urls import path

from tongchou.ledger import pages, pages_exchange

urlpatterns = [
    path("<slug:key>/", pages.list_page, name="ledger-list"),
    path("<slug:key>/count/", pages.count_page, name="ledger-count"),
    path("<slug:key>/import/", pages_exchange.import_page, name="ledger-import"),
    path("<slug:key>/import/<uuid:pk>/", pages_exchange.import_detail_page, name="ledger-import-detail"),
    path("<slug:key>/import/<uuid:pk>/columns/", pages_exchange.import_mapping_page, name="ledger-import-mapping"),
    path("<slug:key>/import/<uuid:pk>/rejected/", pages_exchange.rejected_page, name="ledger-import-rejected"),
    path("<slug:key>/export/", pages_exchange.export_page, name="ledger-export"),
    path("<slug:key>/export/<uuid:name>/", pages_exchange.export_file_page, name="ledger-export-file"),
    path("<slug:key>/new/", pages.new_page, name="ledger-new"),
    path("<slug:key>/<uuid:pk>/", pages.detail_page, name="ledger-detail"),
    path("<slug:key>/<uuid:pk>/edit/", pages.edit_page, name="ledger-edit"),
    path("<slug:key>/<uuid:pk>/do/<slug:name>/", pages.action_page, name="ledger-action"),
]
