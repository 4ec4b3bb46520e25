"""The reconstruction "refined": the phase found from the model's magnitudes."""
