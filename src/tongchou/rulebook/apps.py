from django.apps import AppConfig


class RulebookConfig(AppConfig):
    name = "tongchou.rulebook"
    label = "rulebook"
