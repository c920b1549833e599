from django.apps import AppConfig


class PlacesConfig(AppConfig):
    name = "tongchou.places"
    label = "places"
