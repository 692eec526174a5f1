"""What a browser is called in the lists of where somebody is signed in."""

import pytest

from schema.client import program_in_words

pytestmark = pytest.mark.once


@pytest.mark.parametrize(
    ("program", "words"),
    {
        "Mozilla/5.0 (X11; Linux x86_64; rv:144.0) Gecko/20100101 Firefox/144.0": "Firefox on Linux",
        "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Version/18.0 Safari/604.1": "Safari on iPhone",
        "Mozilla/5.0 (Windows NT 10.0; Win64) AppleWebKit/537 Chrome/140.0 Safari/537 Edg/140.0": "Edge on Windows",
        "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537 Chrome/140.0 Safari/537": "Chrome on macOS",
        "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537 SamsungBrowser/28.0 Chrome/130 Mobile Safari/537": (
            "Samsung Internet on Android"
        ),
        "Mozilla/5.0 (iPad; CPU OS 18_0 like Mac OS X) CriOS/140.0 Mobile Safari/604": "Chrome on iPad",
        "curl/8.5.0": "curl",
        "Mozilla/5.0 (Windows NT 10.0)": "A browser on Windows",
        "Mozilla/5.0": "An unknown program",
        "<script>alert(1)</script>": "An unknown program",
        "": "An unknown program",
    }.items(),
)
def test_a_browser_is_named_by_what_it_says_of_itself(program: str, words: str) -> None:
    assert program_in_words(program) == words
