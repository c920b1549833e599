"""``/api/v1/``: every ledger by its key, and the OpenAPI schema that describes them."""

from django.urls import path
from drf_spectacular.views import SpectacularAPIView

from tongchou.access.tokens import HasActor, PageAuthentication, TokenAuthentication
from tongchou.ledger import api

urlpatterns = [
    path(
        "schema/",
        SpectacularAPIView.as_view(
            authentication_classes=[TokenAuthentication, PageAuthentication], permission_classes=[HasActor]
        ),
        name="api-schema",
    ),
    *api.urls(),
]
