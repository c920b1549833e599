"""Invented residents from census tables: arrays in, arrays out, no database."""
