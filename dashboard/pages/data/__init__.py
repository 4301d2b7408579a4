"""Data: what the images are like that models learn from, and whether production still is."""
