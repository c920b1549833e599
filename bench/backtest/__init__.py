"""Forecast methods against each other on the Chinese city curves of 2020, on the split of ``split.toml``."""
