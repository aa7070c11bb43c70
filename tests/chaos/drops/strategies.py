"""Any drop: recipes, folders of files, the order and pace of their uploads, and mishaps of their events."""

import random
from dataclasses import dataclass

from chaos.drops.contents import KINDS, PLAIN, Content, of_bytes
from chaos.drops.drop import Drop, Put
from hypothesis import strategies as st

MARKER = "_SUCCESS"
HOUR = 3600.0
BEFORE = 0.0  # before the first data
MOST_PARTS = 300
WIDEST = 4000

GOOD_RECIPES = (
    "{}",
    "trigger: files",
    "trigger: marker",
    "trigger: quiet",
    "trigger: quiet\nquiet_for: 30s",
    "inputs: {training: train.csv}",
    "inputs: {training: train.csv}\ntrigger: marker",
    "inputs: {training: train.csv, testing: train.csv}",
    "inputs: {training: train.csv, testing: train.csv}\ntrigger: marker",
    'inputs: {training: "*.csv"}',
    'inputs: {training: "*.csv"}\nquiet_for: 1h',
    'inputs: {training: "*.csv"}\ntrigger: marker',
    'inputs: {training: "*.csv", testing: test.csv}',
    'inputs: {training: "*.csv", testing: test.csv}\ntrigger: marker',
    'inputs: {training: "part-*"}',
    'inputs: {training: "part-*", testing: "part-000*"}\ntrigger: marker',
    'inputs: {everything: "*"}',
    'inputs: {everything: "*"}\ntrigger: marker',
    'inputs: {everything: "*", nested: "*/*"}',
    'inputs: {hidden: ".*"}',
    'inputs: {nested: "*/*.csv"}',
    'inputs: {nested: "11/train.csv"}',
    'inputs: {training: "[Tt]rain.csv", testing: "[Tt]est.csv"}',
    'inputs: {training: "*.csv.gz"}\ntrigger: marker',
    "csv: {label: species}",
    'inputs: {training: "*.csv"}\ncsv: {delimiter: ";", ignore: [empty_column]}',
    "entrypoint: train.py",
    "max_cost_usd: 0.0001",
)
BAD_RECIPES = (
    b"inputs: [",
    b"inputs:\n\ttraining: train.csv",
    b"\xff\xfe\xf6: 1",
    b"just a text",
    b"{" * 50,
    b"inputs: {training: 3}",
    b"trigger: never",
    b"inputs: {training: '*.csv'}\ntrigger: files",
    b"inputs: {training: _SUCCESS}",
    b"epochs: 10",
    "größe: 1\nepochs: 10".encode(),
    b"attempts: 99\ntrigger: marker",
    b"x: " + b"y" * 70_000,
)
DATASETS = ("first", "v1.2", "2026", "a_b", "0")
BAD_PLACES = (
    "projects/p/data/First",
    "projects/p/data/-x",
    "projects/p/data/größe",
    "projects/p/data/a b",
    "projects/p/data/tab\tbell\x07",
    "projects/p/data/" + "n" * 41,
    "projects/p/data/" + "é" * 200,
    "projects/p/data/",
    "projects/Big/data/first",
    "projects/un_der/data/first",
    "projects/\x1b[1m/data/first",
    "projects/-/data/-",
    "projects//data/first",
    "projects/p/data",
    "projects/p/data/First ",
    "projects/p/data/2026 11",
    "projects/p/data/.ipynb_checkpoints",
    "projects/p/data/__MACOSX/first",
    "projects",
    "projects/p",
    "projects/p/first",
    "projects/p/Data/first",
    "projects/data/first",
)
# What somebody takes for the recipe.
MISNAMED_RECIPES = ("train.yml", "Train.yaml", "TRAIN.YML", "train.yaml.txt")
CODE = (("run.sh", "train.py"), ("run.sh", "train.py"), ("run.sh", "train.py", "lib", "lib/x.py"))
FILES = (
    "train.csv", "test.csv", "Train.csv", "Test.csv", "TRAIN.CSV", "train.csv.gz", "test.tsv", "train.tsv",
    "11/train.csv", "11/test.csv", "a/b/c/train.csv", "README.md", ".DS_Store", "train.csv.crc", "notes",
    "größe.csv", "bell\x07.csv", "a\nb.csv", "x" * 256 + ".csv", "a//b.csv", "../train.csv", "._train.csv",
    "part-é.csv", "sub/_SUCCESS", "", "sub/", "_SUCCESS.csv", "[x].csv", "*.csv", "train.csv ",
    "train.parquet", "train.txt", "notes/a.csv", "_train.csv", "_started_1", "_committed_1", "Thumbs.db",
    ".ipynb_checkpoints/a-checkpoint.csv", "_temporary/0/a.csv", "__MACOSX/._a.csv", "11/._train.csv",
)  # fmt: skip
PACES = (0.0, 0.2, 1.0, 31.0)
LONG_PACES = (280.0, 301.0, 1000.0, 4000.0)


@dataclass(frozen=True)
class Mishaps:
    """How often an event is lost, repeated or late, in percent, and from which seed that is drawn."""

    seed: int = 0
    lost: int = 0
    repeated: int = 0
    late: int = 0
    spread: float = 0.0

    def delays(self, number: int) -> tuple[float, ...]:
        """The delays of the event of upload `number`."""
        dice = random.Random(f"{self.seed} {number}")
        if dice.randrange(100) < self.lost:
            return ()
        first = dice.uniform(0, self.spread)
        if dice.randrange(100) < self.late:
            first += dice.choice((40, 200, 700, HOUR + 100, 2 * HOUR))
        repeats = dice.randrange(100) < self.repeated
        return (first, first + dice.choice((0, 5, 400, 2 * HOUR))) if repeats else (first,)


NO_MISHAPS = Mishaps()
mishaps = st.just(NO_MISHAPS) | st.builds(
    Mishaps,
    seed=st.integers(0, 999),
    lost=st.sampled_from((0, 0, 5, 50)),
    repeated=st.sampled_from((0, 20, 100)),
    late=st.sampled_from((0, 10, 50)),
    spread=st.sampled_from((0.0, 5.0)),
)
_good_recipes = st.sampled_from(GOOD_RECIPES).map(str.encode)
recipes = st.none() | _good_recipes | _good_recipes | _good_recipes | st.sampled_from(BAD_RECIPES)
good_places = st.sampled_from([f"projects/p/data/{name}" for name in DATASETS])
places = good_places | good_places | st.sampled_from(BAD_PLACES)
_sizes = {"wide": WIDEST, "symbols": WIDEST, "large": 400, "long names": 100}
odd_contents = st.sampled_from(sorted(KINDS)).flatmap(
    lambda kind: st.integers(1, _sizes.get(kind, 10)).map(KINDS[kind])
)
contents = (
    st.just([PLAIN]) | st.just([PLAIN]) | st.lists(odd_contents | st.just(PLAIN), min_size=1, max_size=3)
)
no_deletions = st.just(list[int]())
part_counts = st.just(0) | st.integers(1, 5) | st.integers(40, 60) | st.integers(0, MOST_PARTS)
names_beside = (
    st.just(["train.csv", "test.csv"])
    | st.just(["train.csv", "test.csv"])
    | st.lists(st.sampled_from(FILES), unique=True, max_size=5)
    | st.lists(st.sampled_from(FILES), unique=True, max_size=3).map(lambda names: ["train.csv", *names])
)


@st.composite
def folders(draw: st.DrawFn) -> list[tuple[float, str, Content | None]]:
    """The uploads into one place: seconds after the start, key and content."""
    place = draw(places)
    count = draw(part_counts)
    names = [*draw(names_beside), *(f"part-{number:04}.csv" for number in range(count))]
    names = list(dict.fromkeys(names))
    kinds = draw(contents)
    if draw(st.booleans()):
        random.Random(draw(st.integers(0, 99))).shuffle(names)
    pace = draw(st.sampled_from(PACES if len(names) > 20 else (*PACES, *LONG_PACES)))
    start = draw(st.sampled_from((10.0, 10.0, 17.0, 500.0)))
    uploads: list[tuple[float, str, Content | None]] = [
        (start + pace * number, f"{place}/{name}", kinds[number % len(kinds)])
        for number, name in enumerate(names)
    ]
    end = start + pace * len(names)
    for at in draw(st.lists(st.sampled_from((0.0, 0.5, 1.0, 1.0)), max_size=2)):
        pause = draw(st.sampled_from((0.0, 1.0, 40.0, 400.0)))
        uploads.append((start + (end - start) * at + pause, f"{place}/{MARKER}", of_bytes(b"")))
    for again in draw(st.lists(st.integers(0, 1000), max_size=2)) if uploads else ():
        _, key, content = uploads[again % len(uploads)]
        pause = draw(st.sampled_from((0.0, 20.0, 100.0, 700.0, HOUR + 700)))
        uploads.append((end + pause, key, draw(st.just(content) | odd_contents)))
    for gone in draw(no_deletions | st.lists(st.integers(0, 1000), max_size=3)) if uploads else ():
        at, key, _ = uploads[gone % len(uploads)]
        uploads.append((at + draw(st.sampled_from((1.0, 60.0, 400.0, HOUR + 700))), key, None))
    return uploads


@st.composite
def drops(draw: st.DrawFn) -> Drop:
    """A whole example."""
    puts: list[Put] = []
    for at in draw(st.sampled_from(((BEFORE,), (BEFORE, 50.0), (BEFORE, 4000.0)))):
        recipe = draw(recipes)
        if recipe is not None:
            puts.append(Put(at, "projects/p/train.yaml", of_bytes(recipe)))
    code_at = draw(st.sampled_from((BEFORE, BEFORE, BEFORE, 100.0, None)))
    if code_at is not None:
        puts += [Put(code_at, f"projects/p/code/{name}", PLAIN) for name in draw(st.sampled_from(CODE))]
    for name in draw(st.just([]) | st.lists(st.sampled_from(MISNAMED_RECIPES), max_size=2)):
        puts.append(Put(20.0, f"projects/p/{name}", PLAIN))
    events = draw(mishaps)
    dropped = draw(st.lists(folders(), min_size=1, max_size=2))
    uploads = sorted((upload for folder in dropped for upload in folder), key=lambda upload: upload[0])
    puts += [
        Put(at, key, content, events.delays(number) if content else ())
        for number, (at, key, content) in enumerate(uploads)
    ]
    return Drop(
        tuple(puts),
        lanes=draw(st.sampled_from((2, 1, 20))),
        throttled_seconds=draw(st.sampled_from((0, 0, 0, 100, 1200))),
        deliveries=draw(st.sampled_from((1, 2))),
        s3_clock=draw(st.sampled_from((0.0, 0.0, -4.0, 4.0))),
    )
