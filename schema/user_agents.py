"""Browsers in words. A program says of itself what it likes: this is a help to the memory, and no proof."""

import re

# The first that is found counts: most programs name others too.
_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser/": "Samsung Internet",
    "FxiOS/": "Firefox",
    "Firefox/": "Firefox",
    "CriOS/": "Chrome",
    "Chrome/": "Chrome",
    "Safari/": "Safari",
}
_SYSTEMS = {
    "iPhone": "iPhone",
    "iPad": "iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "macOS",
    "Linux": "Linux",
}
_OTHER = re.compile(r"([A-Za-z][\w .-]{0,39})/")


def in_words(program: str) -> str:
    """What a `User-Agent` header says, in words: Firefox on Windows."""
    browser = next((name for part, name in _BROWSERS.items() if part in program), "")
    system = next((name for part, name in _SYSTEMS.items() if part in program), "")
    if not browser and (other := _OTHER.match(program)) and other[1] != "Mozilla":
        browser = other[1]
    if browser and system:
        return f"{browser} on {system}"
    return browser or (f"A browser on {system}" if system else "An unknown program")
