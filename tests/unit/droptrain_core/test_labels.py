"""Labelled fields of a run are shown as they are, wherever runs are shown."""

from dataclasses import asdict

from droptrain_core.domain.notices.notice import Places, of_end
from droptrain_core.domain.runs.labels import labelled_texts
from support.records import run

TRAINED = run(hyperparameters={"learning_rate": 0.1, "units": 64}, rerun_of="penguins-first-0123456789ab")


def test_each_labelled_field_with_a_value_is_one_line() -> None:
    assert list(labelled_texts(asdict(TRAINED))) == [
        ("Trained with", "learning_rate=0.1, units=64"),
        ("Trains again", "penguins-first-0123456789ab"),
    ]
    assert list(labelled_texts(asdict(run()))) == []


def test_tags_are_one_line() -> None:
    assert list(labelled_texts({"tags": ["best", "wide"]})) == [("Tags", "best, wide")]


def test_a_notice_shows_them() -> None:
    ended = run(**{**vars(TRAINED), "status": "SUCCEEDED"})
    assert "  Trained with learning_rate=0.1, units=64\n" in of_end(ended, Places("data")).text


def test_thirty_kilobytes_of_hyperparameters_stay_one_readable_line() -> None:
    [(_, text)] = labelled_texts({"hyperparameters": {f"name_{number}": "x" * 90 for number in range(300)}})
    assert len(text) <= 400
    assert text.endswith(" …")
