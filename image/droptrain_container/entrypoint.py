"""The container's beginning: its settings are read, one attempt is made, and its end becomes an exit code."""

import traceback
from collections.abc import Mapping

from droptrain_container import exit_codes, s3, settings
from droptrain_container.attempt import TRACEBACK_CHARACTERS, Attempt, failed
from droptrain_container.exit_codes import EndError
from droptrain_container.log import Log
from droptrain_container.stops import StoppedError, Stops


def main(environment: Mapping[str, str]) -> int:
    """Train the run that `environment` names, and return the exit code."""
    log, stops = Log(), Stops()
    stops.catch_signals()
    try:
        with stops.raising():
            found = settings.read(environment)
            bucket = s3.connect(found.bucket, is_local=found.s3_is_local, attempts=found.s3_attempts)
            attempt = Attempt(found, bucket, environment, log, stops)
        return attempt.run()
    except EndError as error:
        log.say(str(error))
        return exit_codes.EXIT_CODES[error.code]
    except StoppedError:
        log.say(str(stops.end()))
        return exit_codes.EXIT_CODES[stops.end().code]
    except Exception as error:  # noqa: BLE001  what isn't foreseen ends with the exit code that says so
        log.say(traceback.format_exc()[-TRACEBACK_CHARACTERS:])
        log.say(failed(error))
        return exit_codes.EXIT_CODES["internal_error"]
