"""The command wall: the big screen and its drill-down."""
