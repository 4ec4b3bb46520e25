"""The artifact: judged before it is opened, played in onnxruntime, verified, described."""
