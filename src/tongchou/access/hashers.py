"""Argon2 at the OWASP floor: 19 MiB, two passes, one lane. Django's default (100 MiB, 8 lanes) lets a
sign-in rush at eight in the morning take the machine down (shared/reliability.md section 0)."""

from django.contrib.auth.hashers import Argon2PasswordHasher


class CityArgon2(Argon2PasswordHasher):
    time_cost = 2
    memory_cost = 19_456
    parallelism = 1
