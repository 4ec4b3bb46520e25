"""The kinds of file that a graph can become: ONNX, TorchScript, pt2, nn~, a page."""
