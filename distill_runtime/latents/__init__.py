"""Latent vectors: drawn from seeds, walked along trajectories, named by sliders."""
