"""The outside world as a process: `python -m carealert.simulator DESCRIPTOR`, by `apart`."""

import signal
import sys

from carealert.simulator.apart import connect, live

if __name__ == "__main__":
    # Ctrl+C reaches the whole group; the world ends when the play lets go of it, not before.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with connect(int(sys.argv[1])) as link:
        live(link)
