"""The reconstruction "learned": the phase that the model learned, as Distill plays it."""
