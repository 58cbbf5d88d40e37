"""Positions as crews write them, and names of places as people spell them."""

from __future__ import annotations

import pyproj
import pytest
from hypothesis import given
from hypothesis import strategies as st

from data import points
from data.places import register

_TO_UTM = pyproj.Transformer.from_crs(4326, 32647, always_xy=True)


@pytest.mark.parametrize(
    ("text", "lon", "lat"),
    [
        ("47Q 564142 E 2055211 N", 99.60793, 18.58674),
        ("๔๗Q 564142 2055211", 99.60793, 18.58674),
        ("47Q 0564142 2055211", 99.60793, 18.58674),
        ("530706, 1993403", 99.29010, 18.02886),
        ("530,706 1,993,403", 99.29010, 18.02886),
        ("E526076 N1968796", 99.24605, 17.80651),
        ("N1968796 E526076", 99.24605, 17.80651),
        ("18.32933, 99.58450", 99.58450, 18.32933),
        ("99.58450 18.32933", 99.58450, 18.32933),
        ("N18.32933 E99.58450", 99.58450, 18.32933),
    ],
)
def test_the_ways_of_writing_a_position(text: str, lon: float, lat: float) -> None:
    assert points.read_point(text) == pytest.approx((lon, lat), abs=1e-5)


@pytest.mark.parametrize(
    ("text", "key"),
    [
        ("", "bad_point"),
        ("near the temple", "bad_point"),
        ("18.3", "bad_point"),
        ("18.3 99.5 12", "bad_point"),
        ("1993403 530706", "swapped_point"),
        ("51.5, 0.1", "outside_country"),
        ("99.5, 99.6", "outside_country"),
        ("12 34", "outside_country"),
    ],
)
def test_what_is_no_position_is_refused(text: str, key: str) -> None:
    with pytest.raises(points.PointUnreadable) as found:
        points.read_point(text)
    assert found.value.key == key


@given(st.floats(98.5, 100.5), st.floats(17.2, 19.6))
def test_every_position_of_lampang_comes_back_from_each_way_of_writing_it(lon: float, lat: float) -> None:
    east, north = (round(float(value)) for value in _TO_UTM.transform(lon, lat))
    for text in (f"47Q {east} E {north} N", f"{east}, {north}", f"E{east} N{north}", f"{lat:.5f}, {lon:.5f}"):
        assert points.read_point(text) == pytest.approx((lon, lat), abs=2e-5)
    assert points.from_columns(lon, lat) == (lon, lat, "")
    assert points.from_columns(east, north)[2] == "point_from_utm"
    for exchanged in ((lat, lon), (north, east)):
        with pytest.raises(points.PointUnreadable) as found:
            points.from_columns(*exchanged)
        assert found.value.key == "swapped_point"


def test_the_zone_of_the_east_is_the_places_own() -> None:
    lon, lat = points.read_point("470000 2000000", 32648)
    assert 104 < lon < 105
    assert 18 < lat < 18.2


@pytest.mark.parametrize(
    ("tambon", "amphoe", "found"),
    [
        ("พิชัย", "เมืองลำปาง", ("520111", "5201")),
        ("ต.พิชัย", "อ.เมือง", ("520111", "5201")),
        ("Phichai", "Mueang", ("520111", "5201")),
        ("520111", "", ("520111", "5201")),
        ("", "แม่เมาะ", ("", "5202")),
        ("", "", ("", "")),
    ],
)
def test_names_to_codes(tambon: str, amphoe: str, found: tuple[str, str]) -> None:
    assert register.place_of(tambon, amphoe, ["52"]) == found


@pytest.mark.parametrize(
    ("tambon", "amphoe", "key", "said"),
    [
        ("พิชย", "เมืองลำปาง", "no_such_tambon", "พิชัย (เมืองลำปาง)"),
        ("แม่วะ", "เกาะคา", "wrong_amphoe", "เถิน"),
        ("หัวเสือ", "แม่ทา", "no_such_amphoe", "แม่ทะ, แม่เมาะ"),
        ("529999", "", "unknown_tambon_code", "529999"),
        ("ปงแสนทอง", "งาว", "wrong_amphoe", "เมืองลำปาง"),
        ("xyz", "", "no_such_tambon", "–"),
    ],
)
def test_what_is_no_place_is_told_with_its_nearest(tambon: str, amphoe: str, key: str, said: str) -> None:
    with pytest.raises(register.Unplaced) as found:
        register.place_of(tambon, amphoe, ["52"])
    assert found.value.key == key
    assert said in found.value.context.values()


def test_a_name_in_two_amphoes_must_be_told_apart() -> None:
    names = [name for name, _ in register._tambons("50").values()]
    (twice, *_) = sorted(name for name in set(names) if names.count(name) > 1)
    with pytest.raises(register.Unplaced) as found:
        register.place_of(twice, "", ["50"])
    assert found.value.key == "ambiguous_tambon"


def test_every_tambon_and_amphoe_of_lampang_is_found_by_its_own_names() -> None:
    for code in register._tambons("52"):
        amphoe = register.name_of(code[:4])
        assert register.place_of(register.name_of(code), amphoe, ["52"]) == (code, code[:4])
    assert register.province_code("จังหวัดลำปาง") == register.province_code("52") == "52"
    assert register.province_code("nowhere") == ""
