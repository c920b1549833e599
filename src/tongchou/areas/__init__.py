"""The dated tree of divisions: codes, names, valid dates, successors, outlines."""
