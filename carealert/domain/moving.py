"""Who needs help to move, and so must be told before the others (rule G15)."""

from carealert.domain.people import Need, Resident

#: Assistance, a ride, a companion, or time to charge what keeps somebody breathing.
NEEDS = frozenset(
    {
        Need.MOBILITY,
        Need.TRANSPORT,
        Need.SUPERVISION,
        Need.DEMENTIA,
        Need.POWER_DEPENDENT_BREATHING,
        Need.OTHER_POWER_DEVICE,
    }
)
#: Washington Group: "a lot of difficulty", the recommended cut-off.
_A_LOT = 3


def needs_help_to_move(resident: Resident) -> bool:
    """True where a stated need or difficulty means that leaving takes longer or takes a helper."""
    does = resident.functioning
    degrees = (does.walking, does.selfcare, does.seeing, does.remembering)
    return bool(NEEDS & resident.needs) or any(
        degree is not None and degree >= _A_LOT for degree in degrees
    )
