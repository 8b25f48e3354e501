"""Who asks, in tests that are not about rights."""

from carealert.domain.access import Actor, Role

ADMIN = Actor("test", Role.ADMIN)
