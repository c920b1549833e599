"""The phone of a grid worker: today, with large targets."""
