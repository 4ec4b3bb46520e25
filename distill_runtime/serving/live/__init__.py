"""Playing live over a WebSocket: moves in, samples out, and the state to go on elsewhere."""
