"""What every test takes for granted of the process that it runs in."""

import signal
from functools import cache

import botocore.session
from botocore.loaders import create_loader
from hypothesis import settings

# A shell that starts tests in the background makes them, and all that they start, ignore Ctrl-C.
signal.signal(signal.SIGINT, signal.default_int_handler)

# The models of AWS's services are the same for all sessions, which would each read and parse them.
botocore.session.create_loader = cache(create_loader)

# A busy machine is no failure: no example has a limit of time.
settings.register_profile("droptrain", deadline=None)
settings.load_profile("droptrain")
