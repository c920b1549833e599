"""The write path of jobs."""
