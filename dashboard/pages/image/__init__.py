"""One image: what versions predict for it and why, and what looks like it."""
