"""The countries that an address can be in."""

from babel import Locale

# What Unicode's list has besides: groups of countries, parts of some, and codes that stand for nothing.
_NO_COUNTRIES = frozenset(["AC", "CP", "CQ", "DG", "EA", "EU", "EZ", "IC", "QO", "TA", "UN", "XA", "XB", "ZZ"])
# The codes of ISO 3166-1 alpha-2, and XK: ISO has none for Kosovo, and everybody sends parcels there by this one.
COUNTRIES = frozenset(
    code
    for code in map(str, Locale("en").territories)
    if len(code) == 2 and code.isalpha() and code not in _NO_COUNTRIES
)
