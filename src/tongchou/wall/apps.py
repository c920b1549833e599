from django.apps import AppConfig


class WallConfig(AppConfig):
    name = "tongchou.wall"
    label = "wall"
