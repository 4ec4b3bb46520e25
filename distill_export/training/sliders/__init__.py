"""The sliders of a trained model, named by what they change."""
