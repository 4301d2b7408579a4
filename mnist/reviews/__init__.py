"""People's answers about images, and when they are good enough to learn from."""
