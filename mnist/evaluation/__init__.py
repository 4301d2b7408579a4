"""Measures and statistics of predictions."""
