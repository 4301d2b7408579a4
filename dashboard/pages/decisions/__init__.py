"""Decisions: one decision about a version with its gates, images and labels, and what to do."""
