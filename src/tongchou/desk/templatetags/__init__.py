"""Template tags of the frame that every page stands in."""
