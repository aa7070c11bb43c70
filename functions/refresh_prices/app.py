"""Hours passed: what instances cost now, and what they have, is read into the table."""

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
    metrics.add_metric("InstanceSizesRead", "Count", done.sizes)
    logger.info("Prices refreshed", extra=asdict(done))
    # Only now, with the other parts written: so that the function's alarm reports it.
    if done.failed:
        raise RuntimeError(f"{' and '.join(done.failed)} could not be read; the log above says why")
    if done.fractions:
        raise RuntimeError(
            f"The stack's parameter InstanceTypes names {', '.join(done.fractions)}: a fraction of a GPU, on "
            "which no run can train. Leave it out"
        )
    return asdict(done)
