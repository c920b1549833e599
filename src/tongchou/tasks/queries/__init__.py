"""What is read of tasks and clocks."""
