"""`python -m distill_export` is `distill-export`."""

from distill_export.cli import main

main()
