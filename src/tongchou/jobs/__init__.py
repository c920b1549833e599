"""One table of long work and one worker: progress, cancel, resume after a kill."""
