"""Scenario comparisons: what was asked of the simulation, by whom, and what came of it."""
