"""Sheets that people send: xlsx and csv, read row by row in a capped child process."""
