"""Champion: the version in charge, how good it is, and what it confuses."""
