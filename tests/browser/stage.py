"""Projects whose runs show what the page has to show: real trainings, in a few seconds each."""

from support.laptop_user import User
from support.waiting import wait_for

CSV = {
    "train": "island,mass_g,species\n" + "Biscoe,3750,Adelie\n" * 40,
    "test": "island,mass_g,species\nDream,3800,Adelie\n",
}

# A training that learns: two curves over so many epochs, of so many seconds each, up to a top accuracy.
LEARNS = r"""
for epoch in $(seq 1 "${HP_EPOCHS:-12}"); do
  awk -v e="$epoch" -v top="${HP_TOP:-0.97}" 'BEGIN {
    loss = 1.1 * exp(-e / 4) + 0.08 + 0.02 * sin(e * 2.1)
    accuracy = top - 0.6 * exp(-e / 3) + 0.01 * sin(e * 1.7)
    printf "{\"step\": %d, \"loss\": %.5f, \"val_loss\": %.5f, ", e, loss, loss * 1.15 + 0.03
    printf "\"test_accuracy\": %.5f}\n", accuracy
  }' >> "$METRICS_FILE"
  echo "Epoch $epoch/${HP_EPOCHS:-12}"
  echo "11/11 - ${HP_SECONDS:-0}s - loss: $(tail -1 "$METRICS_FILE" | cut -d' ' -f4) 352 rows"
  sleep "${HP_SECONDS:-0}"
done
echo "weights of ${HP_EPOCHS:-12} epochs" > model.keras
aws s3 cp --quiet model.keras "$EXPORT_PATH/model.keras"
"""
RECIPE = """hyperparameters: {{epochs: {epochs}, seconds: {seconds}, top: {top}}}
metric: {{name: test_accuracy, goal: maximize}}
timeout: 1h
"""
# One file under any name is enough.
NAMES = """inputs: {training: "*.csv"}
metric: {name: test_accuracy, goal: maximize}
"""
FAILS = r"""
echo "Reading 40 rows of train.csv"
for epoch in 1 2 3; do
  echo "{\"step\": $epoch, \"loss\": $epoch}" >> "$METRICS_FILE"
  echo "Epoch $epoch/12"
done
cat >&2 <<'END'
Traceback (most recent call last):
  File "train.py", line 41, in <module>
    model.fit(features, labels, epochs=12)
  File "train.py", line 23, in labels_of
    return [SPECIES.index(row["species"]) for row in rows]
ValueError: 'Gentoo' is not in list
END
exit 1
"""


def learns(user: User, project: str, *, epochs: int = 12, seconds: float = 0, top: float = 0.97) -> None:
    """Publish a project that learns."""
    user.project = project
    user.publish(LEARNS, RECIPE.format(epochs=epochs, seconds=seconds, top=top))


def fails(user: User, project: str) -> None:
    """Publish a project whose training ends with a traceback."""
    user.project = project
    user.publish(FAILS, RECIPE.format(epochs=12, seconds=0, top=0.9))


def ended(user: User, dataset: str) -> str:
    """The id of the dataset's newest run, once it has succeeded or failed."""

    def look() -> str | None:
        found = next((run for run in user.runs() if run["dataset"] == dataset), None)
        return found["run_id"] if found and found["status"] in ("SUCCEEDED", "FAILED") else None

    return wait_for(f"end of {user.project}/{dataset}", look)
