"""Distill's own arithmetic in plain PyTorch: what everything else is held against."""
