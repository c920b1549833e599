from django.apps import AppConfig


class BridgeConfig(AppConfig):
    name = "tongchou.bridge"
    label = "bridge"
