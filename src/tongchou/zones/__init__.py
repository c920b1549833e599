"""Risk level: proposed by rule, decided by a post, published by list. Imports no case."""
