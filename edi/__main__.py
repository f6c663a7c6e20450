"""`python -m edi` is the same program as the `edi` command."""

from edi.cli.main import main

if __name__ == "__main__":
    main()
