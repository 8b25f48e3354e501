"""`python -m carealert` is the command `carealert`."""

from carealert.cli import main

if __name__ == "__main__":
    main()
