"""Draw: one digit drawn, pasted or uploaded, and everything that happens to it."""
