"""What every test takes for granted of the process that it runs in."""

import signal

# A shell that starts tests in the background makes them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)
