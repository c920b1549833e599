"""The cast at noon of 14 February 2020, and tasks for it."""

from tests.desk.conftest import cast, fast_passwords, noon, open_task_for

__all__ = ["cast", "fast_passwords", "noon", "open_task_for"]
