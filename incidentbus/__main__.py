"""`python -m incidentbus` is `incidentbus`."""

from incidentbus.cli import main

main()
