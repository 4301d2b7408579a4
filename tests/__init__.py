"""Tests: behaviour, against real components."""
