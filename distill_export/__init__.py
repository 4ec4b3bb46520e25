"""Turn a Distill model file into one verified artifact (needs torch and onnx)."""

from distill_runtime import __version__ as __version__

# What it needs beside the runtime's own packages: the extras "export" and "cpu", as pip is told.
REQUIREMENTS = "torch onnx onnxscript onnxruntime"
