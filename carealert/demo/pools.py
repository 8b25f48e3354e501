"""What the synthetic register is drawn from: shares, names and vocabularies.

The shares are ASSUMPTIONS for a demo (requirements, section 7), not findings about a place. Names
are common given and family names put together by chance; nobody real is meant.
"""

from collections.abc import Mapping, Sequence

from carealert.domain.facilities import FacilityType
from carealert.domain.people import ChannelPreference, Gender, Need, PhoneSharing

Shares = Mapping[str, float]

RESIDENT_GENDERS: Shares = {
    Gender.WOMAN: 54,
    Gender.MAN: 44,
    Gender.SELF_DESCRIBED: 0.5,
    Gender.PREFER_NOT_TO_SAY: 0.5,
    Gender.NOT_STATED: 1,
}
#: 72 % women, 26 % men, 2 % other or not stated: an assumption, labelled so wherever it is shown.
CAREGIVER_GENDERS: Shares = {
    Gender.WOMAN: 72,
    Gender.MAN: 26,
    Gender.NON_BINARY: 0.4,
    Gender.SELF_DESCRIBED: 0.4,
    Gender.PREFER_NOT_TO_SAY: 0.4,
    Gender.NOT_STATED: 0.8,
}
LANGUAGES: Shares = {"bn": 75, "en": 20, "my": 2, "hi": 2, "ur": 1}
#: 45 % of the phones are not private.
SHARING: Shares = {
    PhoneSharing.PRIVATE: 55,
    PhoneSharing.SHARED_HOUSEHOLD: 29,
    PhoneSharing.BORROWED: 7,
    PhoneSharing.FACILITY: 1,
    PhoneSharing.UNKNOWN: 8,
}
WITHOUT_PHONE = 0.08
RESIDENT_CHANNELS: Shares = {
    ChannelPreference.TEXT: 86,
    ChannelPreference.VOICE: 8,
    ChannelPreference.RELAY: 4,
    ChannelPreference.VISIT: 2,
}
CAREGIVER_CHANNELS: Shares = {
    ChannelPreference.TEXT: 92,
    ChannelPreference.VOICE: 6,
    ChannelPreference.RELAY: 2,
}
LITERACY: Shares = {"reads_easily": 68, "with_help": 20, "no": 8, "": 4}
PAID: Shares = {"no": 86, "yes": 9, "": 5}
QUIET_HOURS: Shares = {"": 60, "22:00-06:00": 25, "21:30-05:30": 10, "23:00-07:00": 5}
#: What residents and caregivers agreed to; a few withheld P2, without which no caregiver is told.
RESIDENT_CONSENTS: Shares = {
    "P1;P2;P3;P4;P6": 46,
    "P1;P2;P4": 26,
    "P1;P2;P3;P4;P5;P6": 18,
    "P1;P2": 6,
    "P1;P3": 4,
}
CAREGIVER_CONSENTS: Shares = {"P2;P6": 62, "P2": 35, "P6": 3}
CONSENT_LIVES: Shares = {"none": 72, "far": 25, "expired": 3}

#: Age bands of residents: share, first and last age.
AGES: Mapping[str, tuple[float, int, int]] = {
    "infant": (9, 0, 1),
    "child": (5, 2, 11),
    "youth": (2, 12, 17),
    "adult": (28, 18, 59),
    "elder": (56, 60, 93),
}
#: How often a need is drawn in each age band.
NEEDS: Mapping[str, Mapping[Need, float]] = {
    "infant": {Need.INFANT: 1},
    "child": {
        Need.SUPERVISION: 5,
        Need.RESPIRATORY: 3,
        Need.MOBILITY: 2,
        Need.POWER_DEPENDENT_BREATHING: 1,
        Need.SENSORY_HEARING: 1,
        Need.COLD_CHAIN_MEDICINE: 1,
    },
    "youth": {Need.SUPERVISION: 3, Need.RESPIRATORY: 3, Need.MOBILITY: 2, Need.DAILY_MEDICINE: 2},
    "adult": {
        Need.DIALYSIS: 5,
        Need.DAILY_MEDICINE: 5,
        Need.COLD_CHAIN_MEDICINE: 5,
        Need.MOBILITY: 4,
        Need.SENSORY_SEEING: 2,
        Need.SENSORY_HEARING: 2,
        Need.POWER_DEPENDENT_BREATHING: 2,
        Need.OTHER_POWER_DEVICE: 2,
        Need.SUPERVISION: 2,
        Need.RESPIRATORY: 2,
        Need.TRANSPORT: 2,
        Need.OTHER: 1,
    },
    "elder": {
        Need.MOBILITY: 8,
        Need.DAILY_MEDICINE: 8,
        Need.HEAT_COLD_SENSITIVE: 7,
        Need.DEMENTIA: 5,
        Need.COLD_CHAIN_MEDICINE: 4,
        Need.SENSORY_SEEING: 4,
        Need.SENSORY_HEARING: 4,
        Need.RESPIRATORY: 3,
        Need.DIALYSIS: 3,
        Need.POWER_DEPENDENT_BREATHING: 3,
        Need.TRANSPORT: 3,
        Need.OTHER_POWER_DEVICE: 1,
        Need.OTHER: 1,
    },
}
#: A need shows in this question of the Washington Group Short Set.
FUNCTIONING: Mapping[Need, str] = {
    Need.SENSORY_SEEING: "wg_seeing",
    Need.SENSORY_HEARING: "wg_hearing",
    Need.MOBILITY: "wg_walking",
    Need.DEMENTIA: "wg_remembering",
}

WOMEN = (
    "Amina",
    "Bilkis",
    "Champa",
    "Farida",
    "Halima",
    "Jharna",
    "Kohinoor",
    "Laboni",
    "Mina",
    "Nasima",
    "Parul",
    "Rahima",
    "Salma",
    "Shefali",
    "Taslima",
    "Yasmin",
)
MEN = (
    "Abdul",
    "Bashir",
    "Delwar",
    "Faruk",
    "Habib",
    "Jamal",
    "Kamal",
    "Liton",
    "Mizan",
    "Nazrul",
    "Rafiq",
    "Sajib",
    "Shahin",
    "Tapan",
    "Yusuf",
    "Zahid",
)
FAMILY = (
    "Akter",
    "Bepari",
    "Das",
    "Gazi",
    "Haque",
    "Howlader",
    "Islam",
    "Khan",
    "Mia",
    "Mondal",
    "Mridha",
    "Rahman",
    "Roy",
    "Sarkar",
    "Sikder",
    "Talukder",
)
#: What a caregiver calls the person on the phone: short, and saying nothing about a need.
LABELS: Mapping[str, Mapping[str, Sequence[str]]] = {
    "infant": {"": ("Babu", "Shona", "Moni")},
    "child": {"": ("Babu", "Moni", "Tuni")},
    "youth": {"": ("Moni", "A", "R", "T")},
    "adult": {"woman": ("Apa", "Bhabi", "Bon", "S"), "man": ("Bhai", "Mama", "R"), "": ("A", "M")},
    "elder": {
        "woman": ("Nani", "Dadi", "Ma", "Khala", "Fupu"),
        "man": ("Dadu", "Nana", "Baba", "Chacha"),
        "": ("A", "K", "N"),
    },
}
NOTES = (
    "Tin roof next to the school",
    "Ask at the tea stall by the ghat",
    "House on the embankment",
    "Second lane behind the mosque",
    "Needs two people on the stairs",
    "Door bell is broken, please knock",
)

#: In a care block each service has its own hours.
CARE_BLOCK_HOURS = "child_care=Sa-Th 07:30-18:00;laundry=Su-Th 08:00-16:00"

#: Facility types: share of the 40, name, services.
FACILITIES: Mapping[FacilityType, tuple[float, str, str]] = {
    FacilityType.SHELTER: (9, "Shelter", "shelter;drinking_water"),
    FacilityType.CLINIC: (8, "Clinic", "primary_care;maternity"),
    FacilityType.DAY_CARE: (5, "Day Care", "child_care;meals"),
    FacilityType.DIALYSIS: (3, "Dialysis Unit", "dialysis"),
    FacilityType.ELDER_HOME: (3, "Elder Home", "residential_care;meals"),
    FacilityType.COMMUNITY_KITCHEN: (3, "Community Kitchen", "meals"),
    FacilityType.MOTHERS_CENTRE: (3, "Mothers Centre", "child_care;counselling"),
    FacilityType.CARE_BLOCK: (2, "Care Block", "child_care;laundry;training"),
    FacilityType.SOCIAL_HOUSING: (2, "Social Housing", "housing"),
    FacilityType.LAUNDROMAT: (1, "Laundromat", "laundry"),
    FacilityType.MOBILE_SERVICE: (1, "Care Bus", "home_care;transport"),
}
_FLOWERS = (
    "Shapla Kadam Bokul Jui Beli Shiuli Palash Krishnachura Hijol Tamal Sonali Jarul Chameli Joba "
    "Dolonchapa Kamini Kash Keya Madhabi Malati Nagkeshar Nilmoni Podmo Rongon Shimul Shirish "
    "Togor Aparajita Ashok Bash Champa Debdaru Gamari Jhau Kewra Mohua Neem Rajanigandha Shal "
    "Sundari"
)
#: Flowers and trees: facilities bear invented names.
FLOWERS = tuple(_FLOWERS.split())
