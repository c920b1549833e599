from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tongchou.ledger"
    label = "ledger"
