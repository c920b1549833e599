from django.apps import AppConfig


class OutbreakConfig(AppConfig):
    name = "tongchou.outbreak"
    label = "outbreak"
