"""One file a panel of the wall: rows of queries in, what the page shows out."""
