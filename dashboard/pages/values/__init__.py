"""Values: what layouts found in a batch, by check, and what people corrected in it."""
