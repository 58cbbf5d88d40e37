"""The desk is named after its place."""

from data.places import place
from layers.title import title_of


def test_a_province_and_an_area_of_several_have_their_name() -> None:
    assert title_of("th", place("lampang")) == "ศูนย์ข้อมูลหมอกควันและไฟป่า จังหวัดลำปาง"
    assert title_of("en", place("saraburi")) == "Saraburi haze and wildfire desk"
    assert "จังหวัด" not in title_of("th", place("upper_north"))
