"""Linked outlines: what of a GeoJSON or XML file is an area, and where it goes."""

import json
from dataclasses import replace

import pytest
import shapely
from hypothesis import given, settings
from hypothesis import strategies as st

from carealert.adapters.feeds.shapes import read
from carealert.domain.geometry import Shape
from carealert.domain.linked_shapes import wanted_shapes, with_shapes
from carealert.domain.warnings import Area, Resource
from carealert.services.ports.feeds import UnreadableDocument
from tests.support.builders import COAST, a_warning, an_area, an_info

RING = [[90, 22], [91, 22], [91, 23], [90, 23], [90, 22]]
SQUARE = {"type": "Polygon", "coordinates": [RING]}
HOLED = {"type": "Polygon", "coordinates": [RING, [[90.2, 22.2], [90.4, 22.2], [90.4, 22.4]]]}
FEATURE = {"type": "Feature", "properties": None, "geometry": SQUARE}


def area_of(document: object) -> float | None:
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    shape = read(body, "https://example.org/shape?key=1")
    assert shape.geometry is not None or shape.notes
    return None if shape.geometry is None else round(shape.geometry.area, 6)


@pytest.mark.parametrize(
    ("document", "area"),
    [
        (SQUARE, 1.0),
        (FEATURE, 1.0),
        ({"type": "FeatureCollection", "features": [FEATURE, FEATURE]}, 1.0),
        ({"type": "GeometryCollection", "geometries": [SQUARE, {"type": "Point"}]}, 1.0),
        (
            {"type": "MultiPolygon", "coordinates": [[RING], [[[0, 0], [1, 0], [1, 1], [0, 0]]]]},
            1.5,
        ),
        ({"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}, 0.5),
        (HOLED, 0.98),
        (b"\xef\xbb\xbf" + json.dumps(SQUARE).encode(), 1.0),
        (
            b"<alert><polygon>22,90 22,91 23,91 23,90</polygon><polygon>1,1</polygon></alert>",
            1.0,
        ),
        (b'<a:alert xmlns:a="urn:x"><a:polygon>22,90 22,91 23,91</a:polygon></a:alert>', 0.5),
        ({"type": "Point", "coordinates": [90, 22]}, None),
        ({"type": "Polygon", "coordinates": []}, None),
        ({"type": "Polygon", "coordinates": "x"}, None),
        ({"type": "Polygon"}, None),
        ({"type": "Polygon", "coordinates": [[[5e5, 0], [6e5, 0], [6e5, 1e5], [5e5, 0]]]}, None),
        ({"type": "FeatureCollection", "features": 7}, None),
        ({"features": []}, None),
        ([1, 2], None),
        (b"<alert><info/></alert>", None),
    ],
)
def test_what_has_an_inside_is_read_and_the_rest_is_told(
    document: object, area: float | None
) -> None:
    assert area_of(document) == area


@pytest.mark.parametrize("body", [b"", b"<html/>", b"{", b"hello", b"<!DOCTYPE x><alert/>"])
def test_another_kind_of_document_is_refused_without_its_secrets(body: bytes) -> None:
    with pytest.raises(UnreadableDocument) as refused:
        read(body, "https://example.org/shape?key=1")
    assert "key" not in str(refused.value)


values = st.recursive(
    st.none() | st.floats() | st.text(max_size=4) | st.integers(-200, 200),
    lambda inner: (
        st.lists(inner, max_size=4)
        | st.dictionaries(
            st.sampled_from(["type", "coordinates", "geometry", "features", "geometries"]),
            inner | st.sampled_from(["Polygon", "MultiPolygon", "Feature", "FeatureCollection"]),
            max_size=3,
        )
    ),
    max_leaves=30,
)


@settings(max_examples=200, deadline=None)
@given(values.filter(lambda value: isinstance(value, dict | list)))
def test_no_json_makes_reading_raise(value: object) -> None:
    shape = read(json.dumps(value).encode(), "x")
    assert shape.geometry is None or shape.geometry.is_valid


URL = "https://example.org/shape"
BARE = Area("coast", None, (), None, None)
LINKED = replace(BARE, shape_url=URL)


def _file(uri: str = URL, mime: str = "application/geo+json; charset=utf-8") -> Resource:
    return Resource("outline", mime, None, uri, None)


@pytest.mark.parametrize(
    ("areas", "files", "wanted"),
    [
        ((LINKED, LINKED), (), (URL,)),
        ((BARE,), (_file(),), (URL,)),
        ((an_area(),), (_file(),), ()),  # it has its own
        ((BARE, BARE), (_file(),), ()),  # whose would it be?
        ((BARE,), (_file(), _file("https://example.org/other")), ()),
        ((BARE,), (_file(mime="image/png"), Resource("x", None, None, URL, None)), ()),
    ],
)
def test_an_outline_is_wanted_where_it_is_lacking_and_plainly_meant(
    areas: tuple[Area, ...], files: tuple[Resource, ...], wanted: tuple[str, ...]
) -> None:
    warning = a_warning(an_info(areas=areas, resources=files), an_info(areas=areas))
    assert wanted_shapes(warning) == wanted


def test_outlines_go_where_they_were_wanted_and_nowhere_else() -> None:
    own = an_area(geometry=shapely.box(0, 0, 1, 1))
    warning = a_warning(an_info(areas=(LINKED, own, BARE)))
    areas = with_shapes(warning, {URL: Shape(COAST), "other": Shape(None)}).infos[0].areas
    assert [one.geometry for one in areas] == [COAST, own.geometry, None]
    assert with_shapes(warning, {URL: Shape(None, ("empty",))}) == warning
