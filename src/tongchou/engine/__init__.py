"""Pure computing: arrays and frozen dataclasses in, the same out. No Django, no clock, no network."""
