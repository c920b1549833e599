"""Typed places and grid cells."""
