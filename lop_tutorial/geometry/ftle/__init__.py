"""Finite-time Lyapunov exponents of any function of a network's input."""

from lop_tutorial.geometry.ftle.ftle import SingularVectors, ftle, layers_up_to, singular_vectors

__all__ = ["SingularVectors", "ftle", "layers_up_to", "singular_vectors"]
