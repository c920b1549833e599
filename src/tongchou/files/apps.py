from django.apps import AppConfig


class FilesConfig(AppConfig):
    name = "tongchou.files"
    label = "files"
