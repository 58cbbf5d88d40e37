"""Words about forecasts: what they were learned from, and how good they were. Never imports Streamlit."""

from __future__ import annotations

from collections.abc import Mapping

from layers.words import Lang, say
from models.driven import GROUPS
from models.training import WITHOUT_DRIVERS, Trained

#: Words for weather, by who told it.
_KEYS = {"weather model": "weather_model", "weather station": "weather_station"}


def basis(lang: Lang, taught: Mapping[int, Trained]) -> list[str]:
    """Return, for each season judged, from which seasons its forecasts were learned."""
    return [
        " ".join(filter(None, (_basis(lang, season, trained), drivers(lang, trained, learned(trained)))))
        for season, trained in sorted(taught.items())
    ]


def learned(trained: Trained) -> dict[int, tuple[str, ...]]:
    """Return which groups of drivers the served method looks at where they are known, by lead in days."""
    looks = {lead: trained.leads[lead].drivers for lead, method in trained.served.items() if method in WITHOUT_DRIVERS}
    return {lead: tuple({group.split()[0]: None for group in groups}) for lead, groups in looks.items()}


def drivers(lang: Lang, trained: Trained, inputs: Mapping[int, tuple[str, ...]]) -> str:
    """Return which fires and which weather went in, or why none did; nothing where no season could be tried.

    Parameters
    ----------
    lang : str
    trained : Trained
    inputs : mapping of int to tuple of str
        Groups that went in, by lead in days.
    """
    if not trained.held_out:
        return ""
    tried = {group: None for models in trained.leads.values() for group in models.drivers}
    if not tried:
        return say(lang, "forecast.drivers_few")
    named = {group.split()[0]: _KEYS.get(group, group.split()[0]) for group in tried}
    told = {group: say(lang, f"forecast.driver.{named[group]}") for group in GROUPS if group in named}
    leads = [lead for lead, groups in sorted(inputs.items()) if groups]
    if leads:
        used = [told[group] for group in told if any(group in inputs[lead] for lead in leads)]
        hours = " / ".join(f"{24 * lead}" for lead in leads)
        return say(lang, "forecast.drivers", leads=hours, inputs=", ".join(used))
    key = "absent" if {*trained.served.values()} & {*WITHOUT_DRIVERS} else "no_better"
    return say(lang, f"forecast.drivers_{key}", inputs=", ".join(told.values()))


def chance_told(value: float) -> float:
    """Return a chance as it is told: between 1 and 99 in 100, since no forecast is certain; NaN stays."""
    return value if value != value else min(max(value, 0.01), 0.99)


def year(lang: Lang, season: int) -> str:
    """Return the year of a season as the language counts it."""
    return str(season + 543 if lang == "th" else season)


def _basis(lang: Lang, season: int, trained: Trained) -> str:
    years = ", ".join(year(lang, one) for one in trained.years)
    if not trained.years:
        return say(lang, "forecast.basis_none", season=year(lang, season))
    key = "forecast.basis" if max(trained.years) < season else "forecast.basis_later"
    return say(lang, key, season=year(lang, season), years=years)
