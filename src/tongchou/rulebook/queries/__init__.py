"""Reads of the rulebook for its pages, the terminal and the dry run of a proposal."""
