"""`python -m droptrain_container`: train the run that the environment names."""

import os
import sys

from droptrain_container.entrypoint import main

if __name__ == "__main__":
    sys.exit(main(os.environ))
