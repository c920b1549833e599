"""The terminal: every command of tongchou."""
