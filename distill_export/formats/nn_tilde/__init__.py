"""An artifact as nn~ loads it: TorchScript that keeps its own stream and is played by signals."""
