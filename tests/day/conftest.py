"""The city of the outbreak room's tests."""

from tests.outbreak.conftest import midday, outbreak, posts

__all__ = ["midday", "outbreak", "posts"]
