"""The pages of divisions: the map of a day, and its data for other pages."""
