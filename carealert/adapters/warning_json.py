"""A warning as JSON and back: `warnings parse` prints it, the table `warning` keeps it.

Every key is always there; what is absent is null or empty. Times are RFC 3339 with the sender's
offset, geometries GeoJSON (RFC 7946, lon/lat) at full precision. A name-value list becomes
{name: [values]}: the values of one name keep their order.
"""

import json
from collections.abc import Mapping, Sequence
from datetime import datetime
from enum import StrEnum
from typing import Any, TypeVar

import shapely
from shapely.geometry.base import BaseGeometry

from carealert.domain.hazards import Hazard
from carealert.domain.warnings import (
    Area,
    Category,
    Certainty,
    HazardWarning,
    Info,
    MsgType,
    Named,
    Reference,
    Resource,
    ResponseType,
    Scope,
    Severity,
    Status,
    Urgency,
)

Json = dict[str, Any]
E = TypeVar("E", bound=StrEnum)


def to_json(warning: HazardWarning) -> Json:
    """The warning in the shape that `carealert warnings parse --json` promises."""
    return {
        "identifier": warning.identifier,
        "sender": warning.sender,
        "sent": warning.sent.isoformat(),
        "status": warning.status,
        "msg_type": warning.msg_type,
        "scope": warning.scope,
        "source": warning.source,
        "restriction": warning.restriction,
        "addresses": list(warning.addresses),
        "codes": list(warning.codes),
        "note": warning.note,
        "references": [_reference_json(reference) for reference in warning.references],
        "incidents": list(warning.incidents),
        "infos": [_info_json(info) for info in warning.infos],
        "event_keys": list(warning.event_keys),
    }


def from_json(data: Mapping[str, Any]) -> HazardWarning:
    """What `to_json` wrote, as the same warning again."""
    return HazardWarning(
        identifier=data["identifier"],
        sender=data["sender"],
        sent=datetime.fromisoformat(data["sent"]),
        status=_member(Status, data["status"]),
        msg_type=_member(MsgType, data["msg_type"]),
        scope=_member(Scope, data["scope"]),
        source=data["source"],
        restriction=data["restriction"],
        addresses=tuple(data["addresses"]),
        codes=tuple(data["codes"]),
        note=data["note"],
        references=tuple(
            Reference(entry["sender"], entry["identifier"], _moment(entry["sent"]))
            for entry in data["references"]
        ),
        incidents=tuple(data["incidents"]),
        infos=tuple(_info(entry) for entry in data["infos"]),
        event_keys=tuple(data.get("event_keys", ())),
    )


def _reference_json(reference: Reference) -> Json:
    return {
        "sender": reference.sender,
        "identifier": reference.identifier,
        "sent": _time_json(reference.sent),
    }


def _info_json(info: Info) -> Json:
    return {
        "language": info.language,
        "categories": list(info.categories),
        "event": info.event,
        "hazard": info.hazard,
        "response_types": list(info.response_types),
        "urgency": info.urgency,
        "severity": info.severity,
        "certainty": info.certainty,
        "audience": info.audience,
        "event_codes": _named_json(info.event_codes),
        "effective": _time_json(info.effective),
        "onset": _time_json(info.onset),
        "expires": _time_json(info.expires),
        "sender_name": info.sender_name,
        "headline": info.headline,
        "description": info.description,
        "instruction": info.instruction,
        "web": info.web,
        "contact": info.contact,
        "parameters": _named_json(info.parameters),
        "resources": [_resource_json(resource) for resource in info.resources],
        "areas": [_area_json(area) for area in info.areas],
        "assessed_severity": info.assessed_severity,
        "hazard_if_real": info.hazard_if_real,
        "evidence": list(info.evidence),
    }


def _info(data: Mapping[str, Any]) -> Info:
    return Info(
        language=data["language"],
        categories=tuple(Category(word) for word in data["categories"]),
        event=data["event"],
        hazard=Hazard(data["hazard"]),
        response_types=tuple(ResponseType(word) for word in data["response_types"]),
        urgency=_member(Urgency, data["urgency"]),
        severity=_member(Severity, data["severity"]),
        certainty=_member(Certainty, data["certainty"]),
        audience=data["audience"],
        event_codes=_named(data["event_codes"]),
        effective=_moment(data["effective"]),
        onset=_moment(data["onset"]),
        expires=_moment(data["expires"]),
        sender_name=data["sender_name"],
        headline=data["headline"],
        description=data["description"],
        instruction=data["instruction"],
        web=data["web"],
        contact=data["contact"],
        parameters=_named(data["parameters"]),
        resources=tuple(Resource(**entry) for entry in data["resources"]),
        areas=tuple(_area(entry) for entry in data["areas"]),
        # Absent in what was stored before these fields were.
        assessed_severity=_member(Severity, data.get("assessed_severity")),
        hazard_if_real=_member(Hazard, data.get("hazard_if_real")),
        evidence=tuple(data.get("evidence", ())),
    )


def _resource_json(resource: Resource) -> Json:
    return {
        "resource_desc": resource.resource_desc,
        "mime_type": resource.mime_type,
        "size": resource.size,
        "uri": resource.uri,
        "digest": resource.digest,
    }


def _area_json(area: Area) -> Json:
    return {
        "area_desc": area.area_desc,
        "geometry": _geometry_json(area.geometry),
        "geocodes": _named_json(area.geocodes),
        "altitude": area.altitude,
        "ceiling": area.ceiling,
        "shape_url": area.shape_url,
    }


def _area(data: Mapping[str, Any]) -> Area:
    geometry = data["geometry"]
    return Area(
        area_desc=data["area_desc"],
        geometry=None if geometry is None else shapely.geometry.shape(geometry),
        geocodes=_named(data["geocodes"]),
        altitude=data["altitude"],
        ceiling=data["ceiling"],
        shape_url=data.get("shape_url"),
    )


def _geometry_json(geometry: BaseGeometry | None) -> Json | None:
    # GEOS writes the shortest digits that read back to the same double.
    return None if geometry is None else json.loads(str(shapely.to_geojson(geometry)))


def _named_json(pairs: Named) -> dict[str, list[str]]:
    grouped: dict[str, list[str]] = {}
    for name, value in pairs:
        grouped.setdefault(name, []).append(value)
    return grouped


def _named(data: Mapping[str, Sequence[str]]) -> Named:
    return tuple((name, value) for name, values in data.items() for value in values)


def _time_json(moment: datetime | None) -> str | None:
    return None if moment is None else moment.isoformat()


def _moment(text: str | None) -> datetime | None:
    return None if text is None else datetime.fromisoformat(text)


def _member(kind: type[E], word: str | None) -> E | None:
    return None if word is None else kind(word)
