"""Labelled images: where they come from, how they are split, checked and described."""
