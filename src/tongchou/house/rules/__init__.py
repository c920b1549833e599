"""Pages of the rulebook: rules in force on a day, one rule with its history, proposals and their decision."""
