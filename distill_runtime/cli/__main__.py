"""`python -m distill_runtime.cli` is `distill-run`."""

from distill_runtime.cli import main

main()
