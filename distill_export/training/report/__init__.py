"""What a person sees and hears of a training."""
