"""Drift: which days and batches are unlike the reference, in what, and what they look like."""
