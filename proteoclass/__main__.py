"""``python -m proteoclass`` is the console script."""

from proteoclass.cli import main

if __name__ == "__main__":
    main(prog_name="proteoclass")
