"""Pictures that are not one digit, drawn for training: a network that has seen some knows others.

Outlier exposure (Hendrycks, Mazeika and Dietterich 2019): letters and signs of many scripts in the
fonts that come with Matplotlib, strips of several digits, scribbles, struck-out digits, shapes,
plots and noise. What a hand writes like a digit (O, l, S, Z, b, q, g …) is left out.
"""

from mnist.training.outliers.artist import draw_outliers

__all__ = ["draw_outliers"]
