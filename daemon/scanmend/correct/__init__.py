"""Correction: the model proposes, the evidence disposes. Pure but for the calls of the model."""
