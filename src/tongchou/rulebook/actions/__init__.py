"""The write path of the rulebook: a change is proposed by one person and decided on by another."""
