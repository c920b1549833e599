"""The terminal: every command of tongchou, one file each."""
