"""What the office reads for its first page."""
