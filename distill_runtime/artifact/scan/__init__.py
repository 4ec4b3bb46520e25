"""An ONNX file read without the onnx package, and without running what it says."""
