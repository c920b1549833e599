from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "tongchou.notices"
    label = "notices"
