"""`distill-run ARTIFACT`: its options, and what they ask for."""
