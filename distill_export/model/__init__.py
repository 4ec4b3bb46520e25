"""Distill's model file and training checkpoints: read without running what they say."""
