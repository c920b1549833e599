"""One day of the command post, as six steps in order."""
