"""`droptrain doctor`: is everything there that a run needs?"""

import sys

import click

from droptrain.stack import Stack
from droptrain_cli.stack_options import stack_options


@click.command("doctor", short_help="Check that a stack can train.")
@click.option("--json", "as_json", is_flag=True, help='{"healthy": ..., "findings": [...]}.')
@click.option("--send-test-notice", is_flag=True, help="First send a notice to all subscribers.")
@stack_options
def command(stack: Stack, as_json: bool, send_test_notice: bool) -> None:
    """Check a stack: what is wrong, and how to fix it.

    On AWS: credentials, the stack's state, the API, the bucket's versions, compute environments and queues,
    the image in its registry, confirmed e-mail subscriptions, dead letters, runs that are stuck. Of the
    account: its plan, and its quotas for GPU instances, functions and image builds. On this machine: what of
    that there is. What AWS does not answer is unknown, and the other checks go on. Changes nothing. Ends with
    1 if something has to be fixed.

    With --send-test-notice everybody who has subscribed to notices gets one that says that it is a test.
    """
    from droptrain_cli import doctor

    sys.exit(doctor.run(stack, as_json=as_json, send_test_notice=send_test_notice))
