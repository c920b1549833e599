"""Scenario comparisons on the wall: choose and build two orders, watch them run, read what came of them."""
