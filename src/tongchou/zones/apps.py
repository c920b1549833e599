from django.apps import AppConfig


class ZonesConfig(AppConfig):
    name = "tongchou.zones"
    label = "zones"
