from django.apps import AppConfig


class ApiConfig(AppConfig):
    name = "tongchou.api"
    label = "api"
