"""A model of Triton Inference Server: its folder, its configuration and the graph that it serves."""
