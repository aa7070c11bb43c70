"""Hours passed: what instances cost now is read into the table."""

import os
from dataclasses import asdict
from typing import Any

from aws_lambda_powertools.utilities.typing import LambdaContext
from droptrain_core.settings import Settings
from droptrain_core.telemetry import logger, metrics
from droptrain_core.wiring import Wiring

refresh = Wiring(Settings.from_environment(os.environ)).refresh()


@logger.inject_lambda_context(clear_state=True)
@metrics.log_metrics
def handler(event: dict[str, Any], context: LambdaContext) -> dict[str, Any]:
    """One refresh; how many instance types have which price now."""
    done = refresh.all()
    metrics.add_metric("OnDemandPricesRead", "Count", done.on_demand)
    metrics.add_metric("SpotPricesRead", "Count", done.spot)
    logger.info("Prices refreshed", extra=asdict(done))
    if done.failed:
        # Only now, with the other half written: so that the function's alarm reports it.
        raise RuntimeError(f"{' and '.join(done.failed)} prices could not be read; the log above says why")
    return asdict(done)
