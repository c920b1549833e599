"""The write path of tasks and clocks."""
