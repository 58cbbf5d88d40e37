"""Files into the store: one verdict a member, every row once, whatever the order, and the real files.

Small files are made here; the real ones are read where they are present.
"""

from __future__ import annotations

import datetime as dt
import gzip
import io
import itertools
import json
import tarfile
from collections.abc import Mapping, Sequence
from pathlib import Path

import pandas as pd
import pytest

from data import contracts, merge, settings
from data.contracts import SNAPSHOT_COLUMNS
from data.errors import ContractError
from data.store import Store
from data.variables import registry
from fetchers import air4thai, importer
from fetchers.brought import Brought
from fetchers.importer import Verdict
from layers.words import LANGS, say_verdict
from models.assign import assign, build_index
from models.desk import Desk, open_desk
from tests import files

NOW = dt.datetime(2026, 12, 1, 6, tzinfo=dt.UTC)
LIMIT = 200_000_000
MARCH = (dt.date(2026, 3, 1), dt.date(2026, 3, 31))


def clock() -> dt.datetime:
    return NOW


@pytest.fixture
def store(tmp_path: Path) -> Store:
    return Store(tmp_path / "store", clock)


def bring(store: Store, *paths: Path) -> list[Verdict]:
    return importer.bring_in(store, importer.sources_of(paths, LIMIT), clock)


def bring_bytes(store: Store, content: Mapping[str, bytes]) -> list[Verdict]:
    sources = [Brought(name, data, LIMIT) for name, data in content.items()]
    return importer.bring_in(store, sources, clock)


def numbers(verdict: Verdict) -> tuple[int, int, int, int]:
    return verdict.read, verdict.kept, verdict.duplicates, verdict.rejected


def written(folder: Path, content: Mapping[str, bytes]) -> Path:
    folder.mkdir()
    for name, data in content.items():
        (folder / name).write_bytes(data)
    return folder


def spots(*minutes: int, **change: str) -> bytes:
    return files.firms(*({"acq_time": f"06{minute:02d}", **change} for minute in minutes))


def stored_rows(store: Store) -> int:
    return sum(part.rows for part in store.parts("hotspots").values())


# -- one file among others ---------------------------------------------------------------------------------------------


def test_a_bad_file_between_two_good_ones_harms_nothing(store: Store, tmp_path: Path) -> None:
    folder = written(tmp_path / "in", {"a.csv": spots(1, 2), "b.csv": b"\x00\x01\x02" * 99, "c.csv": spots(3)})
    told: list[Verdict] = []
    verdicts = importer.bring_in(store, importer.sources_of([folder], LIMIT), clock, told.append)
    assert [verdict.file for verdict in verdicts] == ["in/a.csv", "in/b.csv", "in/c.csv"]
    assert [numbers(verdict) for verdict in verdicts] == [(2, 2, 0, 0), (0, 0, 0, 0), (1, 1, 0, 0)]
    assert [bool(verdict.refused) for verdict in verdicts] == [False, True, False]
    assert told == verdicts
    assert stored_rows(store) == 3
    without = Store(tmp_path / "without", clock)
    (folder / "b.csv").unlink()
    bring(without, folder)
    assert without.state().revision == store.state().revision


def test_the_same_folder_twice_changes_nothing(store: Store, tmp_path: Path) -> None:
    content = {
        "a.csv": spots(1, 2, 2),
        "b.json": files.live(),
        "c.json": files.history({"2026-03-10 01:00": 40.0, "2026-03-10 02:00": None}),
        "d.geojson": files.as_json(files.squares()),
        "e.csv": files.gistda(),
        "f.csv": b"tambon_code,population,year\n520101,1234,2026\n",
    }
    folder = written(tmp_path / "in", content)
    first = bring(store, folder)
    state, raw = store.state(), sorted(path.name for path in store.root.glob("raw/*/*"))
    second = bring(store, folder)
    assert store.state() == state
    assert sorted(path.name for path in store.root.glob("raw/*/*")) == raw
    assert [verdict.kept for verdict in first] == [2, 1, 2, 4, 1, 1]
    assert [numbers(verdict) for verdict in second] == [(v.read, 0, v.kept + v.duplicates, v.rejected) for v in first]
    nothing_new = [verdict for verdict in second if not verdict.rejected]
    assert all("nothing new" in say_verdict("en", verdict) for verdict in nothing_new)


def test_overlapping_files_give_each_detection_once(store: Store, tmp_path: Path) -> None:
    folder = written(tmp_path / "in", {"a.csv": spots(1, 2, 3), "b.csv": spots(2, 3, 4), "c.csv": spots(3, 4, 5)})
    verdicts = bring(store, folder)
    assert [numbers(verdict) for verdict in verdicts] == [(3, 3, 0, 0), (3, 1, 2, 0), (3, 1, 2, 0)]
    table = store.hotspot_part(store.parts("hotspots")["2026"])
    assert table["hotspot_id"].is_unique
    assert table["acquired_at"].dt.minute.tolist() == [1, 2, 3, 4, 5]


def test_the_order_of_files_does_not_matter(tmp_path: Path) -> None:
    content = {
        "a.csv": spots(1, 2),
        "b.csv": spots(2, 3, frp=""),
        "c.csv": spots(3, 4, version="2"),
        "d.csv": files.gistda({"acq_time": "0601", "th_time": "1301", "acq_date": "2026-03-10", "hotspotid": "VI1x"}),
        "e.json": files.live(41.0),
    }
    revisions = set()
    for number, order in enumerate(itertools.permutations(content)):
        if number % 7:
            continue
        own = Store(tmp_path / str(number), clock)
        bring_bytes(own, {name: content[name] for name in order})
        revisions.add(own.state().revision)
    assert len(revisions) == 1


def test_a_later_number_replaces_an_earlier_reading_and_a_gap_replaces_nothing(store: Store) -> None:
    hours = [
        {"2026-03-10 01:00": None},
        {"2026-03-10 01:00": 40.0},
        {"2026-03-10 01:00": None},
        {"2026-03-10 01:00": 41.5},
    ]
    verdicts = bring_bytes(store, {f"{at}.json": files.history(hour) for at, hour in enumerate(hours)})
    assert [numbers(verdict) for verdict in verdicts] == [(1, 1, 0, 0), (1, 1, 0, 0), (1, 0, 1, 0), (1, 1, 0, 0)]
    table = store.readings(NOW - dt.timedelta(days=365), NOW)
    assert table["value"].tolist() == [41.5]


def test_bytes_and_path_give_the_same(store: Store, tmp_path: Path) -> None:
    content = {"a.csv": spots(1, 2), "b.zip": files.zipped({"x.csv": spots(3), "y.json": files.live()})}
    folder = written(tmp_path / "in", content)
    from_paths = bring(store, *(folder / name for name in content))
    other = Store(tmp_path / "other", clock)
    from_bytes = bring_bytes(other, content)
    assert from_paths == from_bytes
    assert store.state() == other.state()


def test_a_zip_gives_one_verdict_a_member(store: Store) -> None:
    content = files.zipped({"a.csv": spots(1), "sub/b.csv": b"a,b\n1,2\n", "c.json": files.live(), "._a.csv": b"x"})
    verdicts = bring_bytes(store, {"all.zip": content})
    assert [(v.file, v.kept, v.refused.key if v.refused else "") for v in verdicts] == [
        ("all.zip: a.csv", 1, ""),
        ("all.zip: sub/b.csv", 0, "unknown_table"),
        ("all.zip: c.json", 1, ""),
    ]


@pytest.mark.parametrize(("setting", "value", "states"), [("_MEMBERS_A_COMMIT", 20, 3), ("_ROWS_A_COMMIT", 10, 5)])
def test_an_archive_of_more_than_one_commit_is_stored_whole(
    store: Store, monkeypatch: pytest.MonkeyPatch, setting: str, value: int, states: int
) -> None:
    monkeypatch.setattr(importer, setting, value)
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w") as archive:
        for number in range(50):
            day, hour = divmod(number, 24)
            content = files.live(10.0 + number, f"2026-03-{day + 1:02d}", f"{hour:02d}:00")
            entry = tarfile.TarInfo(f"{number:04d}.json")
            entry.size = len(content)
            archive.addfile(entry, io.BytesIO(content))
    verdicts = bring_bytes(store, {"feed.tar": out.getvalue()})
    assert [verdict.kept for verdict in verdicts] == [1] * 50
    assert store.state().number == states
    table = store.readings(NOW - dt.timedelta(days=365), NOW)
    assert table.loc[table["variable"] == "pm25", "value"].tolist() == [10.0 + number for number in range(50)]
    assert len(store.snapshots()) == 50


def test_many_commits_and_one_give_the_same(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    content = {
        "a.csv": spots(1, 2, 3, frp=""),
        "b.csv": spots(2, 3, 4),
        "c.csv": files.gistda({"acq_time": "0605", "th_time": "1305", "acq_date": "2026-03-10"}),
        "d.csv": spots(5, frp=""),
        "e.csv": spots(1, 5, version="2"),
        "f.json": files.live(41.0),
        "g.json": files.history({"2026-03-10 01:00": None, "2026-03-10 02:00": 4.0}),
        "h.json": files.live(42.0, stationID="38t"),
        "i.json": files.history({"2026-03-10 01:00": 3.0, "2026-03-10 02:00": None}),
        "j.json": files.live(41.0, lat="18.3"),
        "k.geojson": files.as_json(files.squares()),
        "l.geojson": files.as_json(files.squares()),
        "m.csv": b"tambon_code,population,year\n520101,1234,2026\n",
        "n.csv": b"tambon_code,population,year\n520102,99,2026\n520101,1235,2026\n",
    }
    found = []
    for members, recent in ((1, 50_000), (3, 1), (1000, 0), (1000, 50_000)):
        monkeypatch.setattr(importer, "_MEMBERS_A_COMMIT", members)
        monkeypatch.setattr(merge, "_MANY_RECENT", recent)
        own = Store(tmp_path / f"{members} {recent}", clock)
        verdicts = bring_bytes(own, {"all.zip": files.zipped(content)})
        found.append((verdicts, own.state().revision, own.snapshots().to_dict("records")))
    assert [str(one) for one in found[:3]] == [str(found[3])] * 3


# -- what the store knows about a file ---------------------------------------------------------------------------------


def test_every_kept_file_lies_in_the_store_as_it_came(store: Store, tmp_path: Path) -> None:
    content = {
        "a.csv": spots(1),
        "b.csv.gz": files.gzipped(spots(2)),
        "c.zip": files.zipped({"x.csv": spots(3), "y.csv": spots(4)}),
        "d.csv": b"a,b\n1,2\n",
        "e.json": files.live(),
    }
    bring(store, written(tmp_path / "in", content))
    taken = store.snapshots()
    assert taken["source"].tolist() == ["in/a.csv", "in/b.csv.gz", "in/c.zip: x.csv", "in/c.zip: y.csv", "in/e.json"]
    found = [store.get_raw(digest) for digest in taken["sha256"]]
    assert found == [content[name] for name in ("a.csv", "b.csv.gz", "c.zip", "c.zip", "e.json")]
    assert len(list(store.root.glob("raw/*/*"))) == 4


def test_provenance_says_what_was_taken(store: Store) -> None:
    rows = files.table(
        files.firms_rows({}, {"acq_time": "1844"}, {}, {"latitude": "x"}, {"satellite": "N20", "longitude": "99.6"})
    )
    bring_bytes(store, {"a.csv": rows.encode(), "b.json": files.live()})
    taken = store.snapshots()
    assert taken.columns.tolist() == list(SNAPSHOT_COLUMNS)
    row = taken.iloc[0]
    assert row[["source", "kind", "format", "quality"]].tolist() == ["a.csv", "hotspots", row["format"], "nrt"]
    assert row["format"].startswith("firms-")
    assert row[["read", "kept", "duplicates", "rejected"]].tolist() == [5, 3, 1, 1]
    assert (row["first"], row["last"]) == (pd.Timestamp("2026-03-10T06:30Z"), pd.Timestamp("2026-03-10T18:44Z"))
    assert row[["west", "south", "east", "north"]].tolist() == [99.50177, 18.29743, 99.6, 18.29743]
    assert row["satellites"] == "NOAA20,SNPP"
    assert (row["fetched_at"], row["parser_version"]) == (pd.Timestamp(NOW), importer.PARSER_VERSION)
    assert json.loads(row["remarks"]) == [{"key": "bad_coordinate", "count": 1, "rows": [4], "context": {}}]
    other = taken.iloc[1]
    assert other[["kind", "format"]].tolist() == ["readings", air4thai.LIVE_FORM]
    assert (other["first"], other["last"]) == (pd.Timestamp("2026-03-10T05:00Z"), pd.Timestamp("2026-03-10T05:00Z"))
    assert other[["west", "north"]].isna().all()


def test_values_at_the_ends_of_the_plausible_range_are_stored(store: Store) -> None:
    """The bounds of the registry lie inside the contract of readings, so no reply can break a commit."""
    for variable in contracts.VARIABLES:
        entry = registry()[variable]
        table = pd.DataFrame({"station_id": ["a", "b"], "value": [entry.low, entry.high]})
        when = pd.Series([pd.Timestamp(NOW)] * 2).astype("datetime64[us, UTC]")
        full = table.assign(measured_at=when, variable=variable, averaging="PT1H", flag="ok", source="x")
        contracts.check_readings(full)
    ends = {"2026-03-10 01:00": registry()["pm25"].low, "2026-03-10 02:00": registry()["pm25"].high}
    (verdict,) = bring_bytes(store, {"a.json": files.history({**ends, "2026-03-10 03:00": -50.5})})
    assert numbers(verdict) == (3, 3, 0, 0)
    assert store.readings(NOW - dt.timedelta(days=365), NOW)["value"].tolist()[:2] == list(ends.values())


def test_a_table_that_breaks_its_contract_is_refused_alone(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """Should a parser ever hand over what the contract forbids, its file is refused and the others are kept."""
    real = air4thai.parse_live

    def faulty(document: object, now: dt.datetime) -> object:
        parsed = real(document, now)
        if "o99" in str(document):
            contracts.check_readings(parsed.table.assign(value=1e9))
        return parsed

    monkeypatch.setattr(air4thai, "parse_live", faulty)
    verdicts = bring_bytes(store, {"a.json": files.live(), "b.json": files.live(stationID="o99"), "c.csv": spots(1)})
    assert [verdict.kept for verdict in verdicts] == [1, 0, 1]
    assert isinstance(verdicts[1].refused, ContractError)
    assert all("value" in say_verdict(lang, verdicts[1]) for lang in LANGS)


# -- near real time and standard ---------------------------------------------------------------------------------------


def desk_on(store: Store) -> Desk:
    return open_desk(options=settings.load(store=store.root))


def test_standard_rows_replace_near_real_time_rows_in_counts(store: Store) -> None:
    nrt = {"nrt.csv": spots(1, 2, 3), "other.csv": spots(1, 2, acq_date="2026-03-12")}
    bring_bytes(store, nrt)
    counted = desk_on(store).counts("province", *MARCH, contracts.SATELLITES)
    assert counted["count"].tolist() == [5]
    # The standard product keeps one pixel, moves one a little and has one less; the 12th is not in it.
    standard = files.firms(
        {"acq_time": "0601", "version": "2"}, {"acq_time": "0602", "longitude": "99.50201", "version": "2"}
    )
    (verdict,) = bring_bytes(store, {"standard.csv": standard})
    assert numbers(verdict) == (2, 2, 0, 0)
    desk = desk_on(store)
    assert desk.counts("province", *MARCH, contracts.SATELLITES)["count"].tolist() == [4]
    assert desk.daily(*MARCH, contracts.SATELLITES).loc[["2026-03-10", "2026-03-12"]].tolist() == [2, 2]
    stored = store.hotspot_part(store.parts("hotspots")["2026"])
    assert stored["quality"].value_counts().to_dict() == {"nrt": 5, "standard": 2}


# -- the real files ----------------------------------------------------------------------------------------------------


def unpacked(path: Path) -> bytes:
    return gzip.decompress(path.read_bytes())


@pytest.fixture(scope="session")
def hotspot_store(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> tuple[Store, list[Verdict]]:
    own = Store(tmp_path_factory.mktemp("hotspots") / "store", clock)
    return own, bring(own, shared / "data" / "hotspots")


@pytest.fixture(scope="session")
def air_verdicts(shared: Path, tmp_path_factory: pytest.TempPathFactory) -> list[Verdict]:
    own = Store(tmp_path_factory.mktemp("air") / "store", clock)
    paths = sorted(path for path in (shared / "data" / "air").rglob("*") if path.is_file())
    return bring(own, *(path for path in paths if not path.name.startswith("air4thai_getAQI_raw_")))


def refusals(verdicts: Sequence[Verdict]) -> dict[str, str]:
    return {verdict.file: verdict.refused.key for verdict in verdicts if verdict.refused}


def check_verdicts(verdicts: Sequence[Verdict]) -> None:
    for verdict in verdicts:
        assert verdict.read == verdict.kept + verdict.duplicates + verdict.rejected, verdict.file
        assert all(say_verdict(lang, verdict) for lang in LANGS)
        assert verdict.refused or verdict.read > 0


def test_every_real_hotspot_file_gets_a_verdict(shared: Path, hotspot_store: tuple[Store, list[Verdict]]) -> None:
    own, verdicts = hotspot_store
    check_verdicts(verdicts)
    paths = [path for path in (shared / "data" / "hotspots").rglob("*") if path.is_file()]
    assert {verdict.file.split(": ")[0] for verdict in verdicts} == {
        str(path.relative_to(shared / "data")) for path in paths
    }
    assert sum(verdict.kept for verdict in verdicts if verdict.kind == "hotspots") == stored_rows(own)
    assert not [file for file in refusals(verdicts) if "/firms_" in file or "/modis_c6" in file or "/viirs_c" in file]
    names = {Path(file).name: key for file, key in refusals(verdicts).items()}
    assert names["gistda_short_export_lat_long_combined.csv"] == "no_dates"
    assert names["minimal_lat_lon_brightness_no_date_first200.csv"] == "no_dates"
    assert sum(verdict.kept for verdict in verdicts if verdict.kind == "raster") == 3
    assert names["viirs_snpp_daily_counts_8provinces_2023_2024_2026.csv.gz"] == "not_detections"
    assert names["replay_modis_nrt_season2022_snapshots.csv.gz"] == "not_detections"


def test_every_real_air_file_gets_a_verdict(shared: Path, air_verdicts: list[Verdict]) -> None:
    check_verdicts(air_verdicts)
    found = {verdict.file.split(": ")[0] for verdict in air_verdicts}
    on_disk = {path.name for path in (shared / "data" / "air").rglob("*") if path.is_file()}
    assert on_disk - found == {name for name in on_disk if name.startswith("air4thai_getAQI_raw_")}
    replay = [verdict for verdict in air_verdicts if "replay_2026-03_peak" in verdict.file]
    assert len(replay) == 73
    assert {verdict.format for verdict in replay} == {air4thai.LIVE_FORM}
    assert not [
        file for file in refusals(air_verdicts) if file.startswith(("air4thai", "pcd_", "PM2.5", "egat_maemoh"))
    ]


@pytest.fixture(scope="session")
def official(shared: Path, hotspot_store: tuple[Store, list[Verdict]]) -> Store:
    own, _ = hotspot_store
    (verdict,) = bring(own, shared / "data" / "boundaries" / "lampang_tambons.geojson")
    assert numbers(verdict) == (100, 100, 0, 0)
    return own


def only(store: Path, shared: Path, *names: str) -> Desk:
    """Return a desk on some hotspot files and the official outlines of Lampang."""
    own = Store(store, clock)
    folder = shared / "data"
    bring(own, folder / "boundaries" / "lampang_tambons.geojson", *(folder / "hotspots" / name for name in names))
    return desk_on(own)


def test_gistda_january_lies_in_the_tambons_of_its_own_labels(shared: Path, tmp_path: Path) -> None:
    name = "gistda_viirs_thailand_2026-01-05_to_01-18.csv.gz"
    desk = only(tmp_path / "own", shared, name)
    labels = pd.read_csv(io.BytesIO(unpacked(shared / "data" / "hotspots" / name)), encoding="utf-8-sig", dtype=str)
    mine = labels[labels["province"] == "ลำปาง"]
    assert len(mine) == 157
    found = desk.counts("tambon", dt.date(2026, 1, 1), dt.date(2026, 1, 31), contracts.SATELLITES)
    names = found.merge(desk.tambons[["tambon", "amphoe_th"]], left_on="code", right_on="tambon")
    counted = names.set_index(["amphoe_th", "name_th"])["count"]
    assert len(counted) == 100
    assert counted.sum() == 157
    assert counted[counted > 0].sort_index().to_dict() == mine.groupby(["amphoe", "tambon"]).size().to_dict()
    # Row by row: each detection of the province carries the label of the tambon it was given.
    rows = desk.hotspots(dt.date(2026, 1, 1), dt.date(2026, 1, 31))
    keys = [
        f"{lon:.5f} {lat:.5f} {moment:%H%M}"
        for lon, lat, moment in zip(rows["lon"], rows["lat"], rows["acquired_at"], strict=True)
    ]
    given = dict(zip(keys, rows["tambon"].map(desk.tambons.set_index("tambon")["tambon_th"]), strict=True))
    label = {
        f"{float(row.longitude):.5f} {float(row.latitude):.5f} {int(row.acq_time):04d}": row.tambon
        for row in mine.itertuples()
    }
    assert given == label


def test_the_three_pulls_of_april_2026_hold_138_detections_in_the_province(shared: Path, tmp_path: Path) -> None:
    pulls = sorted((shared / "data" / "hotspots").glob("viirs_snpp_c2_nrt_api_2026-04-*.csv.gz"))
    assert len(pulls) == 3
    desk = only(tmp_path / "own", shared, *(path.name for path in pulls))
    assert stored_rows(desk.store) == 1895
    april = (dt.date(2026, 4, 1), dt.date(2026, 4, 30))
    for by in ("tambon", "amphoe", "province", "land"):
        assert desk.counts(by, *april, ("SNPP",))["count"].sum() == 138
    assert desk.counts("tambon", *april, ("SNPP",))["count_shared"].sum() == 138
    halves = [desk.counts("province", *april, ("SNPP",), passes)["count"].sum() for passes in ("night", "day")]
    assert sum(halves) == 138
    assert desk.daily(*april, ("SNPP",)).sum() == 138


def test_published_points_fall_where_the_table_says(shared: Path, official: Store) -> None:
    published = pd.read_csv(shared / "data" / "published_counts.csv", dtype={"tambon_code": str})
    points = published[(published["measure"] == "hotspots") & published["lat"].notna()]
    assert points["row_id"].tolist() == ["P001"]
    desk = desk_on(official)
    index = build_index(desk.all_tambons)
    (code,) = index.named(assign(index, points["lon"].to_numpy(), points["lat"].to_numpy()))
    names = desk.all_tambons.set_index("tambon")
    # The report says Na Saeng; the table warns that the point falls in Na Kaeo.
    assert names.loc[code, "tambon_en"] == "Na Kaeo"
    assert points["tambon_code"].tolist() == ["520307"]
    assert code != "520307"
    assert code[:4] == points["amphoe_code"].astype(int).astype(str).iloc[0]
