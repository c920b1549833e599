"""Tongchou 统筹: a city's command system for an epidemic."""

__version__ = "0.1.0"
