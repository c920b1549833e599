from django.urls import path

from tongchou.ledger.pages import exchange, rows

urlpatterns = [
    path("<slug:key>/", rows.list_page, name="ledger-list"),
    path("<slug:key>/count/", rows.count_page, name="ledger-count"),
    path("<slug:key>/import/", exchange.import_page, name="ledger-import"),
    path("<slug:key>/import/<uuid:pk>/", exchange.import_detail_page, name="ledger-import-detail"),
    path("<slug:key>/import/<uuid:pk>/columns/", exchange.import_mapping_page, name="ledger-import-mapping"),
    path("<slug:key>/import/<uuid:pk>/rejected/", exchange.rejected_page, name="ledger-import-rejected"),
    path("<slug:key>/export/", exchange.export_page, name="ledger-export"),
    path("<slug:key>/export/<uuid:name>/", exchange.export_file_page, name="ledger-export-file"),
    path("<slug:key>/new/", rows.new_page, name="ledger-new"),
    path("<slug:key>/<uuid:pk>/", rows.detail_page, name="ledger-detail"),
    path("<slug:key>/<uuid:pk>/edit/", rows.edit_page, name="ledger-edit"),
    path("<slug:key>/<uuid:pk>/do/<slug:name>/", rows.action_page, name="ledger-action"),
]
