from importlib import import_module

from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tongchou.tasks"
    label = "tasks"

    def ready(self) -> None:
        import_module("tongchou.tasks.addresses").connect()
