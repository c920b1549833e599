from django.urls import path

from tongchou.house.rules import pages, proposal_pages

urlpatterns = [
    path("", pages.list_page, name="rulebook"),
    path("proposals/", proposal_pages.proposals_page, name="rules-proposals"),
    path("proposals/<uuid:pk>/", proposal_pages.proposal_page, name="rules-proposal"),
    path("one/<str:rule_id>/", pages.detail_page, name="rules-detail"),
    path("one/<str:rule_id>/propose/", proposal_pages.propose_page, name="rules-propose"),
    path("row/<uuid:pk>/withdraw/", proposal_pages.withdraw_page, name="rules-withdraw"),
]
