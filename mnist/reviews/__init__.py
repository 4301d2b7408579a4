"""What people say an image shows, and when that is good enough to learn from."""
