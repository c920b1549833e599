from django.apps import AppConfig


class DeskConfig(AppConfig):
    name = "tongchou.desk"
    label = "desk"
