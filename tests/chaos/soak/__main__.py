"""`python -m chaos.soak`, in the folder `tests`: a long soak, told as it goes; exit 1 if a promise broke."""

import argparse
import sys
import time

import click
from chaos.soak.soak import Plan, soak


def main() -> int:
    """Run one soak and print its report."""
    parser = argparse.ArgumentParser(prog="python -m chaos.soak", description=__doc__)
    parser.add_argument(
        "--seed", type=int, default=int(time.time()), help="of all that is drawn (default: the time)"
    )
    parser.add_argument("--datasets", type=int, default=500, help="how many are dropped (default: 500)")
    parser.add_argument("--trouble", type=float, default=300, help="for how many seconds (default: 300)")
    parser.add_argument("--pause", type=float, default=1, help="seconds from blow to blow (default: 1)")
    parser.add_argument("--json", action="store_true", help="print the report as JSON")
    options = parser.parse_args()
    plan = Plan(options.seed, options.datasets, options.trouble, pause_seconds=options.pause)
    click.echo(f"seed {plan.seed}", err=True)
    report = soak(plan, lambda line: click.echo(line, err=True))
    click.echo(report.to_json() if options.json else report.to_text())
    return 1 if report.broken else 0


if __name__ == "__main__":
    sys.exit(main())
