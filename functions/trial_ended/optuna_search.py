"""The search of a sweep's parameters by Optuna: random, or by a tree-structured Parzen estimator (TPE)."""

import math
import warnings
from collections.abc import Mapping, Sequence

import optuna
from droptrain_core.domain.recipes.space import Choices, Values, parsed
from droptrain_core.domain.recipes.values import Scalar
from droptrain_core.domain.sweeps.search import seed_of
from droptrain_core.domain.sweeps.sweep import Sweep
from droptrain_core.domain.sweeps.trial import Trial
from optuna.distributions import (
    BaseDistribution,
    CategoricalDistribution,
    FloatDistribution,
    IntDistribution,
)
from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances
from optuna.samplers import BaseSampler, RandomSampler, TPESampler
from optuna.trial import FrozenTrial, TrialState, create_trial

# With fewer values a share says nothing.
FEWEST_VALUES = 8

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore", category=optuna.exceptions.ExperimentalWarning)


class OptunaSearch:
    """Asks Optuna, whose study is made anew from the trials each time: the table is the only storage."""

    def draw(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, Scalar]:
        """The parameters of the trial after these; the same trials give the same parameters."""
        distributions = _distributions(sweep)
        study = _study(sweep, _sampler(sweep, len(trials) + 1))
        if sweep.method == "bayesian":
            study.add_trials([_frozen(each, distributions) for each in trials if each.hyperparameters])
        parameters: dict[str, Scalar] = study.ask(distributions).params
        return parameters

    def importance(self, sweep: Sweep, trials: Sequence[Trial]) -> Mapping[str, float]:
        """Each parameter's share of the differences between the trials, by PED-ANOVA; empty if few ended."""
        known = [each for each in trials if each.value is not None]
        if len(known) < FEWEST_VALUES or len({each.value for each in known}) == 1:
            return {}
        distributions = _distributions(sweep)
        study = _study(sweep, RandomSampler())
        study.add_trials([_frozen(each, distributions) for each in known])
        shares = get_param_importances(study, evaluator=PedAnovaImportanceEvaluator())
        if not all(map(math.isfinite, shares.values())):
            return {}
        return {name: round(share, 4) for name, share in shares.items()}


def _study(sweep: Sweep, sampler: BaseSampler) -> optuna.Study:
    return optuna.create_study(sampler=sampler, direction=sweep.goal)


def _sampler(sweep: Sweep, number: int) -> BaseSampler:
    seed = seed_of(sweep, number)
    if sweep.method == "random":
        return RandomSampler(seed=seed)
    # Trials that run count as bad ones, so that parallel trials don't try the same parameters.
    return TPESampler(seed=seed, constant_liar=True)


def _distributions(sweep: Sweep) -> dict[str, BaseDistribution]:
    return {name: _distribution(values) for name, values in sorted(parsed(sweep.space).items())}


def _distribution(values: Values) -> BaseDistribution:
    if isinstance(values, Choices):
        return CategoricalDistribution(values.values)
    if values.is_int:
        low, high, step = int(values.low), int(values.high), int(values.step or 1)
        return IntDistribution(low, high, log=values.is_log, step=step)
    return FloatDistribution(values.low, values.high, log=values.is_log, step=values.step)


def _frozen(trial: Trial, distributions: dict[str, BaseDistribution]) -> FrozenTrial:
    """A trial for a study: one that runs, one with its value, or one that failed."""
    state = TrialState.FAIL if trial.ended else TrialState.RUNNING
    return create_trial(
        state=TrialState.COMPLETE if trial.value is not None else state,
        value=trial.value,
        params=dict(trial.hyperparameters),
        distributions=distributions,
    )
