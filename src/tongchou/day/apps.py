from django.apps import AppConfig


class DayConfig(AppConfig):
    name = "tongchou.day"
    label = "day"
