"""How strongly and how far the ground is estimated to have shaken, from magnitude and depth.

Source of the equation and its coefficients: T. I. Allen, D. J. Wald and C. B. Worden, "Intensity
attenuation for active crustal regions", Journal of Seismology 16 (2012), pages 409 to 433, the
version for hypocentral distance, which was made for the minutes when nothing is known but where
and how large. It was fitted to magnitudes 5.0 to 7.9 within 300 km. One place in three shook more
than one degree stronger or weaker than it says. Intensities are those of the Modified Mercalli
scale (MMI), 1 to 12.
"""

import math
from dataclasses import dataclass

from carealert.domain.warnings import Severity

#: From VI on, plaster falls and poor walls crack, and supplies of power and water begin to fail.
DAMAGING = 6.0
#: The weakest earthquakes that the equation was fitted to.
LEAST_MAGNITUDE = 5.0
#: No place of an earthquake is known better; and nearer the equation was not fitted.
LEAST_KM = 5.0
#: What a catalogue puts for a depth that it could not find.
ASSUMED_DEPTH_KM = 10.0
#: The scale's highest degree.
HIGHEST = 12.0
#: Degrees by which the equation is raised to meet what the agency gives: twice its own error.
#: More than that says that it does not fit this earthquake, and not how far to go.
MOST_RAISED = 2.0

_C0, _C1, _C2, _C4, _M1, _M2 = 2.085, 1.428, -1.402, 0.078, -0.209, 2.042
_FAR_KM = 50.0
_FARTHEST_KM = 2000.0
_NUMERALS = ("I", "II", "III", "IV", "V", "VI", "VII", "VIII", "IX", "X", "XI", "XII")


@dataclass(frozen=True, slots=True)
class Shaking:
    """Estimated shaking: `intensity` at its greatest, damaging up to `radius_km` of the epicentre.

    `radius_km` is None where it is damaging nowhere.
    """

    intensity: float
    radius_km: float | None


def estimate(magnitude: float, depth_km: float | None, reported: float | None = None) -> Shaking:
    """The shaking of an earthquake; never raises for finite numbers.

    `reported` is the greatest intensity that the agency itself gives. Where it is the greater
    one it counts, and all of the estimate is raised with it; a smaller one lowers nothing,
    because maps end at coasts and the first ones know few instruments.
    """
    depth = max(LEAST_KM, ASSUMED_DEPTH_KM if depth_km is None else depth_km)
    computed = intensity(magnitude, depth)
    raised = min(reported - computed, MOST_RAISED) if reported is not None else 0.0
    if raised > 0 and reported is not None:
        greatest = min(reported, HIGHEST)
    else:
        greatest, raised = min(computed, HIGHEST), 0.0
    if greatest < DAMAGING or (magnitude < LEAST_MAGNITUDE and not raised):
        return Shaking(greatest, None)
    reach = _reach(magnitude, depth, DAMAGING - raised)
    return Shaking(greatest, max(LEAST_KM, math.sqrt(reach**2 - depth**2)))


def intensity(magnitude: float, distance_km: float) -> float:
    """The mean intensity (MMI) at a distance from the hypocentre, on ordinary ground."""
    near = _M1 + _M2 * math.exp(magnitude - 5)
    found = _C0 + _C1 * magnitude + _C2 * math.log(math.hypot(distance_km, near))
    if distance_km > _FAR_KM:
        found += _C4 * math.log(distance_km / _FAR_KM)
    return found


def severity_of(degree: float) -> Severity:
    """CAP's word: VI Moderate, VII Severe, VIII and more Extreme; below VI Minor."""
    whole = _whole(degree)
    if whole >= 8:
        return Severity.EXTREME
    if whole == 7:
        return Severity.SEVERE
    return Severity.MODERATE if whole == 6 else Severity.MINOR


def numeral(degree: float) -> str:
    """The degree that is reached, in the scale's own numerals: `VI` for 6.0 up to 7.0."""
    return _NUMERALS[_whole(degree) - 1]


def _whole(degree: float) -> int:
    return min(len(_NUMERALS), max(1, math.floor(degree)))


def _reach(magnitude: float, depth: float, degree: float) -> float:
    """The distance from the hypocentre at which the intensity falls to `degree` (bisection)."""
    inside, outside = depth, _FARTHEST_KM
    while outside - inside > 0.01:
        middle = (inside + outside) / 2
        if intensity(magnitude, middle) >= degree:
            inside = middle
        else:
            outside = middle
    return inside
