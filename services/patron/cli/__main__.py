"""`python -m patron.cli`: the command, where its script is not on the path."""

from patron.cli.main import main

main()
