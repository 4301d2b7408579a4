"""Labels: what people answered, what became of it, and another answer."""
