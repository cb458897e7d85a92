"""`python -m archlm` is the command `archlm`."""

from archlm.cli.main import main

if __name__ == "__main__":
    main()
