"""Digits by other hands than MNIST's: public sets, in the formats they are distributed in."""

from mnist.data.hands.hands import Hands
from mnist.data.hands.loading import load_hands

__all__ = ["Hands", "load_hands"]
