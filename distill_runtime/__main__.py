"""`python -m distill_runtime` is `distill-run`."""

from distill_runtime.cli import main

main()
