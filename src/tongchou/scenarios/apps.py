from django.apps import AppConfig


class ScenariosConfig(AppConfig):
    name = "tongchou.scenarios"
    label = "scenarios"
