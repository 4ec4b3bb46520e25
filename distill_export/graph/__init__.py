"""The artifact's graph as PyTorch modules: what they compute is what the exported file computes."""
