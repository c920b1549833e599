from django.apps import AppConfig


class AuditConfig(AppConfig):
    name = "tongchou.audit"
    label = "audit"
