from django.apps import AppConfig


class PeopleConfig(AppConfig):
    name = "tongchou.people"
    label = "people"
