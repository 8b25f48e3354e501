"""Outlines that a warning links to instead of holding them: which to fetch, and where they go."""

from collections.abc import Mapping
from dataclasses import replace

from carealert.domain.drawings import Drawing
from carealert.domain.geometry import Shape
from carealert.domain.warnings import Area, HazardWarning, Info, undrawn

#: MIME types of documents that `adapters/feeds/shapes.py` reads.
GEO_TYPES = frozenset({"application/geo+json", "application/vnd.geo+json"})


#: Where an agency keeps the outline of a message, by a part of the message's own address: India's
#: SACHET says it nowhere in the message.
_KEPT_AT = (("/FetchXMLFile?", "/FetchPolygonXMLFile?"),)


def with_usual_link(warning: HazardWarning, address: str) -> HazardWarning:
    """The warning with the link that its agency leaves out, where it has one for its area.

    Only an info with a single area, and that without outline, says which area is meant.
    """
    for part, kept_at in _KEPT_AT:
        if part in address:
            url = address.replace(part, kept_at)
            infos = tuple(_with_link(info, url) for info in warning.infos)
            return replace(warning, infos=infos)
    return warning


def _with_link(info: Info, url: str) -> Info:
    if len(info.areas) != 1 or info.areas[0].geometry is not None or info.areas[0].shape_url:
        return info
    return replace(info, areas=(replace(info.areas[0], shape_url=url),))


def wanted_shapes(warning: HazardWarning) -> tuple[str, ...]:
    """The addresses of outlines that the warning lacks, each once; empty for nearly all."""
    found = (_url(info, area) for info in warning.infos for area in info.areas)
    return tuple(dict.fromkeys(url for url in found if url is not None))


def with_shapes(warning: HazardWarning, shapes: Mapping[str, Shape]) -> HazardWarning:
    """The warning with the outlines that could be had; an area with its own keeps it."""
    return replace(
        warning,
        infos=tuple(
            replace(info, areas=tuple(_with_shape(info, area, shapes) for area in info.areas))
            for info in warning.infos
        ),
    )


def with_index_shape(warning: HazardWarning, drawing: Drawing) -> HazardWarning:
    """The warning with the outline that only the index draws, where it says itself no place.

    Only an info with at most one area, and that with neither outline nor link nor code: codes say
    as exactly where it is, and an index often draws no more than a box around them.
    """
    infos = tuple(_with_index_shape(info, drawing) for info in warning.infos)
    return warning if infos == warning.infos else replace(warning, infos=infos)


def _with_index_shape(info: Info, drawing: Drawing) -> Info:
    areas = info.areas or (Area("", None, (), None, None),)
    only = areas[0]
    if len(areas) > 1 or only.geocodes or only.shape_url or only.geometry is not None:
        return info
    if drawing.geometry is None:
        return info
    return replace(info, areas=(replace(only, geometry=undrawn(drawing)),))


def _with_shape(info: Info, area: Area, shapes: Mapping[str, Shape]) -> Area:
    shape = shapes.get(_url(info, area) or "")
    if shape is None or shape.geometry is None:
        return area
    return replace(area, geometry=shape.geometry)


def _url(info: Info, area: Area) -> str | None:
    """The area's own link; or the info's only geographic file, if it has but this area."""
    if area.geometry is not None:
        return None
    if area.shape_url is not None:
        return area.shape_url
    files = {
        resource.uri
        for resource in info.resources
        if resource.uri and (resource.mime_type or "").partition(";")[0].strip() in GEO_TYPES
    }
    return files.pop() if len(info.areas) == len(files) == 1 else None
