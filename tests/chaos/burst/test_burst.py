"""A burst of uploads drains as fast as AWS Batch's throttle allows, with the template's own settings."""

from dataclasses import replace

import pytest
from chaos.burst.burst import drain, limit_seconds
from chaos.burst.uploads_queue import settings_of_template
from support.template import template

MOST_LANES = max(template()["Parameters"]["UploadConcurrency"]["AllowedValues"])


# The defaults are those of an account whose functions have ten executions together.
@pytest.mark.parametrize(("lanes", "events", "of_limit"), [(None, 1000, 5.6), (MOST_LANES, 10_000, 1.05)])
def test_a_burst_drains_as_fast_as_the_throttle_and_the_account_allow(
    lanes: int | None, events: int, of_limit: float
) -> None:
    settings = settings_of_template()
    drained = drain(events, replace(settings, lanes=lanes or settings.lanes))
    assert drained.seconds <= of_limit * limit_seconds(events)
    assert len(drained.submitted) == len(set(drained.submitted)) == events
    assert drained.lost == drained.dead_letters == drained.postponed == 0


def test_what_meets_the_throttle_comes_again_and_gets_one_job() -> None:
    settings = settings_of_template()
    drained = drain(1000, replace(settings, lanes=50))
    assert drained.throttles > 0
    assert drained.most_receives > 1
    assert drained.seconds > settings.visibility_seconds
    assert len(drained.submitted) == len(set(drained.submitted)) == 1000


def test_what_was_received_too_often_is_a_dead_letter() -> None:
    drained = drain(500, replace(settings_of_template(), lanes=50, max_receives=1))
    assert drained.dead_letters == drained.lost == drained.throttles > 0
