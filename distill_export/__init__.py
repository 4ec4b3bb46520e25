"""Turn a Distill model file into one verified artifact (needs torch and onnx)."""

__version__ = "0.1.0"
