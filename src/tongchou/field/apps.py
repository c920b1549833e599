from django.apps import AppConfig


class FieldConfig(AppConfig):
    name = "tongchou.field"
    label = "field"
