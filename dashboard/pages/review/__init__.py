"""Review: one image at a time, answered by the keyboard; two people make a label."""
