"""Who cares for whom: every resident has one to three caregivers, some of whom care for several."""

import random
from collections import Counter
from collections.abc import Sequence

from carealert.demo import pools
from carealert.demo.drawing import Row, expiry, name_for, quota, second_language
from carealert.domain.people import CareRole, Gender

_MOST_CAREGIVERS = 3
_CARE_FOR_SEVERAL = 0.16
_LIVE_TOGETHER = 0.6
_OF_INFANTS = ("parent", "parent", "grandparent", "aunt_uncle")
_OF_OTHERS = ("child", "child", "child_in_law", "spouse", "sibling", "grandchild")
_FROM_OUTSIDE = ("neighbour", "volunteer", "sibling", "guardian")


def caregivers_for(rng: random.Random, residents: Sequence[Row], count: int) -> list[Row]:
    """`count` caregivers of `residents`; raises ValueError where there are fewer than residents."""
    if count < len(residents):
        raise ValueError(f"{count} caregivers are too few for {len(residents)} residents")
    charges = _charges(rng, residents, count)
    columns = {
        "gender": quota(rng, count, pools.CAREGIVER_GENDERS),
        "language": quota(rng, count, pools.LANGUAGES),
        "channel": quota(rng, count, pools.CAREGIVER_CHANNELS),
        "literacy": quota(rng, count, pools.LITERACY),
        "paid": quota(rng, count, pools.PAID),
        "consent_purposes": quota(rng, count, pools.CAREGIVER_CONSENTS),
    }
    lives = quota(rng, count, pools.CONSENT_LIVES)
    quiet = quota(rng, count, pools.QUIET_HOURS)
    rows = []
    for n, cared_for in enumerate(charges):
        row: Row = {"ref": f"C{n + 1:04}"} | {name: values[n] for name, values in columns.items()}
        row["consent_expires"] = expiry(lives[n])
        row["quiet_from"], _, row["quiet_to"] = quiet[n].partition("-")
        row["role"] = _role(rng, is_primary=n < len(residents))
        _describe(rng, row, cared_for)
        rows.append(row)
    return rows


def _charges(rng: random.Random, residents: Sequence[Row], count: int) -> list[list[Row]]:
    """Whom each caregiver cares for: first everybody's own, then backups, then neighbours'."""
    charges = [[resident] for resident in residents]
    helped = Counter(resident["ref"] for resident in residents)
    for resident in _backed_up(rng, residents, count - len(residents)):
        charges.append([resident])
        helped[resident["ref"]] += 1
    for n in sorted(rng.sample(range(count), round(count * _CARE_FOR_SEVERAL))):
        for near in _neighbours(rng, charges[n][0], residents)[: rng.choice((1, 1, 2, 3))]:
            if helped[near["ref"]] < _MOST_CAREGIVERS:
                charges[n].append(near)
                helped[near["ref"]] += 1
    return charges


def _backed_up(rng: random.Random, residents: Sequence[Row], count: int) -> list[Row]:
    rounds = [resident for _ in range(_MOST_CAREGIVERS - 1) for resident in residents]
    if count > len(rounds):
        raise ValueError(f"no resident has more than {_MOST_CAREGIVERS} caregivers")
    return rng.sample(rounds, count)


def _neighbours(rng: random.Random, resident: Row, residents: Sequence[Row]) -> list[Row]:
    near = [
        other
        for other in residents
        if other["area_code"] == resident["area_code"] and other["ref"] != resident["ref"]
    ]
    rng.shuffle(near)
    return near


def _role(rng: random.Random, *, is_primary: bool) -> str:
    if is_primary:
        return CareRole.PRIMARY.value
    return CareRole.BACKUP.value if rng.random() < 0.8 else CareRole.RELAY.value


def _describe(rng: random.Random, row: Row, cared_for: Sequence[Row]) -> None:
    first = cared_for[0]
    row["name"] = name_for(rng, row["gender"])
    row["second_language"] = second_language(rng, row["language"])
    row["cares_for"] = ";".join(resident["ref"] for resident in cared_for)
    relations = [_relation(rng, row, first)]
    relations += [_from_outside(rng, row) for _ in cared_for[1:]]
    row["relation"] = ";".join(relations)
    if row["role"] == CareRole.PRIMARY.value and rng.random() < _LIVE_TOGETHER:
        row["lat"], row["lon"] = first["lat"], first["lon"]
    if row["role"] == CareRole.PRIMARY.value:  # of the first; the others have their own
        row["role"] = ";".join([row["role"], *[CareRole.BACKUP.value] * (len(cared_for) - 1)])


def _relation(rng: random.Random, row: Row, resident: Row) -> str:
    if row["paid"] == "yes" or row["role"] != CareRole.PRIMARY.value:
        return _from_outside(rng, row)
    if resident["consent_giver"] != "parent":
        return rng.choice(_OF_OTHERS)
    return "mother" if row["gender"] == Gender.WOMAN.value else rng.choice(_OF_INFANTS)


def _from_outside(rng: random.Random, row: Row) -> str:
    return "paid_worker" if row["paid"] == "yes" else rng.choice(_FROM_OUTSIDE)
