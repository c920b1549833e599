from django.apps import AppConfig


class AreasConfig(AppConfig):
    name = "tongchou.areas"
    label = "areas"
