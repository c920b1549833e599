from django.apps import AppConfig


class TasksConfig(AppConfig):
    name = "tongchou.tasks"
    label = "tasks"
