"""The decoder for inference, in float32, float16 and int8."""
