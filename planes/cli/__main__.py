"""`python -m planes.cli`: the same as `triplane`."""

from planes.cli.main import main

main()
