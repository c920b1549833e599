from django.apps import AppConfig


class AccessConfig(AppConfig):
    name = "tongchou.access"
    label = "access"
