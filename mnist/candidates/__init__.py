"""A trained network, measured and documented for the registry."""
