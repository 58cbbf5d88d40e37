"""The fire weather index against xclim, and the chance of fire on a real unseen season against yesterday's count.

The second needs the real daily counts of eight provinces: the classes of a province-day, not of a tambon-day, because
no two seasons of tambon-days are at hand. Tests of known truth are in tests/models/test_likelihood.py.
"""

from __future__ import annotations

import datetime as dt

import numpy as np
import pandas as pd

from benchmarks.measure import seconds, shared
from data.bans import Bans
from models import fwi, likelihood
from models.likelihood import History, Samples
from models.likelihood_record import judge_samples, report_card

#: Neighbours among the eight provinces of the file.
_TOUCH = (
    ("Chiang Mai", "Chiang Rai"), ("Chiang Mai", "Lampang"), ("Chiang Mai", "Lamphun"), ("Chiang Mai", "Mae Hong Son"),
    ("Chiang Rai", "Lampang"), ("Chiang Rai", "Phayao"), ("Lampang", "Lamphun"), ("Lampang", "Phayao"),
    ("Lampang", "Phrae"), ("Nan", "Phayao"), ("Nan", "Phrae"), ("Phayao", "Phrae"),
)  # fmt: skip
_COUNTS = "hotspots/viirs_snpp_daily_counts_8provinces_2023_2024_2026.csv.gz"


def main() -> None:
    """Print both."""
    _index()
    folder = shared()
    if folder is None:
        print("chance: left out, the real counts are not here")
        return
    _chance(pd.read_csv(folder / _COUNTS))


def _index() -> None:
    import xarray as xr
    from xclim.indices.fire import cffwis_indices

    random = np.random.default_rng(1)
    days, places = pd.date_range("2014-01-01", "2025-12-31"), 100
    shape = (len(days), places)
    values = {
        "degC": random.uniform(12, 42, shape),
        "mm/day": np.where(random.random(shape) < 0.3, random.gamma(0.5, 12, shape), 0),
        "km/h": random.uniform(0, 30, shape),
        "%": random.uniform(10, 100, shape),
    }
    # North of 20 north both take the same tables of day lengths.
    latitude = np.full(places, 25.0)
    season = fwi.Season(values["degC"], values["%"], values["km/h"], values["mm/day"])
    arrays = [
        xr.DataArray(one, dims=("time", "place"), coords={"time": days}, attrs={"units": unit})
        for unit, one in values.items()
    ]
    where = xr.DataArray(latitude, dims="place", attrs={"units": "degrees_north"})

    def ours() -> fwi.Codes:
        return fwi.run(season, days.month.to_numpy(), latitude)

    def peer() -> np.ndarray:
        return np.asarray(cffwis_indices(*arrays, where)[-1].transpose("time", "place"))

    away = float(np.abs(ours().fwi - peer()).max())
    mine, theirs = seconds(ours), seconds(peer)
    print(f"index, 100 places, 12 years: ours {mine:.2f} s, xclim {theirs:.2f} s, ratio {theirs / mine:.1f};", end=" ")
    print(f"greatest difference {away:.1e}")


def _chance(table: pd.DataFrame) -> None:
    day = pd.to_datetime(table["date"])
    table = table.assign(day=day)[day.dt.year <= 2024]
    wide = (
        table.pivot_table(index="day", columns="Province", values="hotspot_count", aggfunc="sum").asfreq("D").fillna(0)
    )
    names = list(wide.columns)
    near = np.array([[float((a, b) in _TOUCH or (b, a) in _TOUCH) for b in names] for a in names])
    count, unknown = wide.to_numpy(float), np.full(wide.shape, np.nan)
    days = wide.index.to_numpy("datetime64[D]")
    bans = Bans(pd.DataFrame({"start": [], "end": []}, dtype="datetime64[s]"), "none")
    past = History(days, np.array(names), count, np.ones(len(days), bool), near, unknown, bans, "SNPP")
    known = likelihood.samples(past)
    print(
        "chance that a province has at least so many hotspots tomorrow, learned on 2023, judged on January to May 2024:"
    )
    for least in (1, 10, 30, 50, 100):
        event = Samples(known.day, known.tambon, known.x, np.where(known.count >= least, known.count, 0.0))
        card = report_card(judge_samples(event, dt.date(2024, 1, 1), dt.date(2024, 12, 31)))
        card = card[card["season"] == "2024"].set_index("method")
        told = ", ".join(f"{name} AUC {one['auc']:.3f} Brier {one['brier']:.3f}" for name, one in card.iterrows())
        print(f"  {least:>3}: {told}; model over the better baseline {_gain(card):+.0%}")


def _gain(card: pd.DataFrame) -> float:
    return float(1 - card.loc["model", "brier"] / card.loc[["yesterday", "week"], "brier"].min())


if __name__ == "__main__":
    main()
