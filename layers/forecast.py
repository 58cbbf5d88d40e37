"""Words about forecasts: what they were learned from, and how good they were. Never imports Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

from layers.words import Lang, say
from models.training import Trained


def basis(lang: Lang, taught: Mapping[int, Trained]) -> list[str]:
    """Return, for each season judged, from which seasons its forecasts were learned."""
    return [_basis(lang, season, trained) for season, trained in sorted(taught.items())]


def year(lang: Lang, season: int) -> str:
    """Return the year of a season as the language counts it."""
    return str(season + 543 if lang == "th" else season)


def _basis(lang: Lang, season: int, trained: Trained) -> str:
    years = ", ".join(year(lang, one) for one in trained.years)
    if not trained.years:
        return say(lang, "forecast.basis_none", season=year(lang, season))
    key = "forecast.basis" if max(trained.years) < season else "forecast.basis_later"
    return say(lang, key, season=year(lang, season), years=years)
