"""One epidemic in one city and its case ledger."""
