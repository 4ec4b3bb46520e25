"""`distill-run serve`: the page and the artifacts of a folder, handed to a browser."""
