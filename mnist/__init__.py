"""Handwritten digits: data, models, scoring, promotion. Knows nothing of flows or pages."""
