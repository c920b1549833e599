from importlib import import_module

from django.apps import AppConfig


class LedgerConfig(AppConfig):
    name = "tongchou.ledger"
    label = "ledger"

    def ready(self) -> None:
        import_module("tongchou.prefix")
        import_module("tongchou.ledger.registry").discover()
        import_module("tongchou.ledger.exchange.applying")
