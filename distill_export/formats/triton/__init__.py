"""A model of Triton Inference Server: its folder, its configuration, the graph that it serves."""
