"""What makes a model better from step to step."""
