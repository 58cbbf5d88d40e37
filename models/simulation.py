"""A made-up province like Lampang with effects that are known: what the methods are tried on before they are believed.

Counts are over-dispersed, seasons are good or bad for all, worse tambons are likelier to be treated, starts are
staggered, neighbours feel part of the effect, satellites come and go. Nothing here is data, and nothing made here is
ever shown as data.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True)
class Province:
    """What is assumed of a made-up province. The measured records of docs/effects.md say which values they used.

    Attributes
    ----------
    seasons : int
    first_start, last_start : int
        Positions of the seasons between which starts are drawn.
    mean : float
        Detections in a tambon and season on average.
    unequal : float
        Standard deviation of the logarithms of the tambons' levels.
    weather : float
        Standard deviation of the logarithms of the season effects common to all.
    outbreaks : float
        Variance of what a tambon's season has beyond chance, in squares of its mean (0 is Poisson).
    memory : float
        Correlation of a tambon's outbreaks from one season to the next.
    neighbourly : float
        Share of the outbreaks' variance that all tambons of an amphoe have in common.
    selection : float
        Power of a tambon's level in its chance to be treated.
    selected_on_last : bool
        Whether the chance goes with what was counted in the season before the first start, not with the level.
    spill : float
        Share of the effect, in logarithms, that a neighbour of a treated tambon feels.
    drift : float
        Yearly change of the treated tambons, in logarithms, that the measure has nothing to do with.
    satellites : tuple of (int, float)
        Season from which, and factor by which, more satellites see more.
    """

    seasons: int = 13
    first_start: int = 8
    last_start: int = 11
    mean: float = 60.0
    unequal: float = 1.0
    weather: float = 0.5
    outbreaks: float = 0.25
    memory: float = 0.3
    neighbourly: float = 0.0
    selection: float = 1.0
    selected_on_last: bool = False
    spill: float = 0.3
    drift: float = 0.0
    satellites: tuple[tuple[int, float], ...] = ()


def simulate(
    random: np.random.Generator, made: Province, touching: np.ndarray, amphoe: np.ndarray, treated: int, effect: float
) -> tuple[np.ndarray, np.ndarray]:
    """Make one history of a province.

    Parameters
    ----------
    random : Generator
    made : Province
    touching : ndarray of bool, shape (n, n)
        Which tambons are neighbours.
    amphoe : ndarray of int, shape (n,)
        Number of each tambon's amphoe.
    treated : int
        Tambons treated.
    effect : float
        True effect, a fraction: -0.3 is 30 % fewer.

    Returns
    -------
    counts : ndarray of int, shape (n, seasons)
    starts : ndarray of int, shape (n,)
        Position of the first treated season, `seasons` for never.
    """
    n, seasons = len(touching), made.seasons
    level = np.exp(random.normal(0, made.unequal, n))
    level *= made.mean / level.mean()
    weather = np.exp(random.normal(0, made.weather, seasons))
    more = np.ones(seasons)
    for since, factor in made.satellites:
        more[since:] *= factor
    rate = level[:, None] * (weather / weather.mean() * more) * outbreaks(random, made, amphoe)
    chance = rate[:, made.first_start - 1] if made.selected_on_last else level**made.selection
    chosen = random.choice(n, treated, replace=False, p=chance / chance.sum())
    starts = np.full(n, seasons)
    starts[chosen] = random.integers(made.first_start, made.last_start + 1, treated)
    log_effect = np.log1p(effect) * (starts[:, None] <= np.arange(seasons))
    around = np.where(touching[:, :, None], log_effect, 0.0)
    felt = around.min(1) if effect < 0 else around.max(1)
    log_effect = np.where(starts[:, None] < seasons, log_effect, made.spill * felt)
    drifting = made.drift * np.arange(seasons) * (starts < seasons)[:, None]
    return random.poisson(rate * np.exp(log_effect + drifting)), starts


def outbreaks(random: np.random.Generator, made: Province, amphoe: np.ndarray) -> np.ndarray:
    """Return log-normal factors of mean one, shape (n, seasons), remembered from season to season."""
    spread = np.sqrt(np.log1p(made.outbreaks))
    fresh = np.sqrt(1 - made.memory**2)

    def walk(count: int) -> np.ndarray:
        steps = random.normal(size=(count, made.seasons))
        for season in range(1, made.seasons):
            steps[:, season] = made.memory * steps[:, season - 1] + fresh * steps[:, season]
        return steps

    own, common = walk(len(amphoe)), walk(int(amphoe.max()) + 1)[amphoe]
    mixed = np.sqrt(1 - made.neighbourly) * own + np.sqrt(made.neighbourly) * common
    made_of: np.ndarray = np.exp(spread * mixed - spread**2 / 2)
    return made_of
