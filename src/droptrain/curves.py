"""Small charts of a run's metrics by step, as SVG."""

from collections.abc import Mapping, Sequence
from html import escape

Series = Mapping[str, Sequence[tuple[float, float]]]
_WIDTH, _HEIGHT, _MARGIN = 220, 90, 6  # of a chart, in pixels
_VALIDATION = "val_"
_CHARTS = 6
_COLOURS = ("#0969da", "#bc4c00")  # training, validation


def curves(series: Series) -> str:
    """A chart for each metric that has a curve, with its validation's in the same; "" if none has."""
    groups: dict[str, list[str]] = {}
    for name, points in series.items():
        if len(points) > 1:
            groups.setdefault(name.removeprefix(_VALIDATION), []).append(name)
    charts = [_chart([(name, series[name]) for name in sorted(names)]) for names in groups.values()]
    return f"<div>{''.join(charts[:_CHARTS])}</div>" if charts else ""


def _chart(lines: Sequence[tuple[str, Sequence[tuple[float, float]]]]) -> str:
    steps = [step for _, points in lines for step, _ in points]
    values = [value for _, points in lines for _, value in points]
    left, bottom = min(steps), min(values)
    wide, high = max(steps) - left or 1.0, max(values) - bottom or 1.0

    def place(step: float, value: float) -> str:
        x = _MARGIN + (step - left) / wide * (_WIDTH - 2 * _MARGIN)
        y = _HEIGHT - _MARGIN - (value - bottom) / high * (_HEIGHT - 2 * _MARGIN)
        return f"{x:.1f},{y:.1f}"

    drawn = "".join(
        f'<polyline fill="none" stroke="{colour}" stroke-width="1.5" '
        f'points="{" ".join(place(*point) for point in points)}"/>'
        for (_, points), colour in zip(lines, _COLOURS, strict=False)
    )
    title = ", ".join(f"{escape(name)} {points[-1][1]:.4g}" for name, points in lines)
    legend = " ".join(
        f'<span style="color:{colour}">{escape(name)} {points[-1][1]:.4g}</span>'
        for (name, points), colour in zip(lines, _COLOURS, strict=False)
    )
    return (
        f'<figure style="display:inline-block;margin:.3em 1em .3em 0"><svg width="{_WIDTH}" '
        f'height="{_HEIGHT}" role="img" aria-label="{title}">{drawn}</svg>'
        f"<figcaption>{legend}</figcaption></figure>"
    )
