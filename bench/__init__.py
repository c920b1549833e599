"""Seeded ledger cities of any size, and what is measured on them. Nothing here is imported by the product."""
