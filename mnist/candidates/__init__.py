"""A trained network with everything that is said about it."""
