"""The days from 22 January 2020 replayed through the same actions that users use; nothing is written past them."""
