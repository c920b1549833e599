"""What the office writes: that a user was here, that a notice was read."""
