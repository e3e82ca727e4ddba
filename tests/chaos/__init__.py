"""The chaos suite: a deployed stack under traffic while all sorts of things go wrong, and a table that has to add up."""
