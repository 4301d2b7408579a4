"""Batches: what lies in the inbox, what became of it, and the images of one batch."""
