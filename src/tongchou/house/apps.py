from django.apps import AppConfig


class HouseConfig(AppConfig):
    name = "tongchou.house"
    label = "house"
