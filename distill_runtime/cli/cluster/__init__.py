"""Many sounds on many cores: `distill-run ARTIFACT -n 100000 -o DEST --cluster`, on Ray."""
