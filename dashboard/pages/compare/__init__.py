"""Compare: two versions image by image, and several kinds of model side by side."""
