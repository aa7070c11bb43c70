"""`python -m droptrain_container`: train the run that the environment names."""

import os
import sys

from droptrain_container.entrypoint import main

if __name__ == "__main__":
    code = main(os.environ)
    sys.stdout.flush()
    sys.stderr.flush()
    # Not sys.exit: it would wait for threads that still wait for S3.
    os._exit(code)
