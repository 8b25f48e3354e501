"""Kinds of hazard, and which one an official message means.

The list and its crosswalk (OASIS event terms, VTEC, SAME, MeteoAlarm, GDACS, GLIDE, UNDRR-ISC
hazard profiles) are `rules/hazards.tsv`; this module holds the closed list of codes.
"""

from enum import StrEnum


class Hazard(StrEnum):
    """Closed list; each member names a row of `rules/hazards.tsv`."""

    TROPICAL_CYCLONE = "tropical_cyclone"
    STORM_SURGE = "storm_surge"
    COASTAL_HAZARD = "coastal_hazard"
    TSUNAMI = "tsunami"
    EARTHQUAKE = "earthquake"
    VOLCANO = "volcano"
    FLASH_FLOOD = "flash_flood"
    FLOOD = "flood"
    DAM_RELEASE = "dam_release"
    HEAVY_RAIN = "heavy_rain"
    THUNDERSTORM = "thunderstorm"
    TORNADO = "tornado"
    HAIL = "hail"
    HIGH_WIND = "high_wind"
    HEAT = "heat"
    COLD = "cold"
    SNOW_ICE = "snow_ice"
    AVALANCHE = "avalanche"
    LANDSLIDE = "landslide"
    DROUGHT = "drought"
    WILDFIRE = "wildfire"
    DUST_SAND = "dust_sand"
    FOG = "fog"
    AIR_QUALITY = "air_quality"
    DISEASE = "disease"
    POWER_WATER_OUTAGE = "power_water_outage"
    HAZMAT = "hazmat"
    CIVIL_EMERGENCY = "civil_emergency"
    TEST_MESSAGE = "test_message"
    NO_WARNING = "no_warning"
    OTHER = "other"
