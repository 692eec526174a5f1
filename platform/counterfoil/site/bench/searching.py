"""The process with a shop's rows, for the measuring of searches: whole requests for the admin's lists, in itself."""

from functools import partial
from urllib.parse import urlencode

import django

if __name__ == "__main__":
    django.setup()

from django.conf import settings
from django.core.management import call_command
from django.test import Client

from counterfoil.access.models import User
from counterfoil.customers.models import Customer, CustomerWord
from counterfoil.customers.words import keep_words
from counterfoil.orders.models import Order, OrderWord
from counterfoil.orders.words import write_words
from counterfoil.site.bench.asking import Cost, Site, cost
from counterfoil.site.bench.children import answer
from counterfoil.site.bench.shop import make_contacts, make_shop, tidy_up

_MISTYPED = "kestral stationner"  # kestrel stationer
_LETTERS = 3


class Searches:
    """One shop's rows, and requests for its lists as a member of its staff."""

    def __init__(self) -> None:
        self._site = Site()
        self._cookie = ""

    def make(self, *, orders: int, customers: int) -> None:
        """So many orders of a tenth as many customers, further customers, and the words of all of them."""
        call_command("migrate", verbosity=0)
        call_command("collectstatic", verbosity=0, interactive=False)
        make_shop(orders)
        make_contacts([f"guest{number}@customers.example" for number in range(customers - orders // 10)])
        write_words(Order.objects.select_related("store").order_by("pk"))  # first: a customer may be called by a number
        keep_words(list(Customer.objects.order_by("pk").values_list("pk", flat=True)))
        tidy_up()
        client = Client()
        client.force_login(User.objects.get())
        self._cookie = f"{settings.SESSION_COOKIE_NAME}={client.cookies[settings.SESSION_COOKIE_NAME].value}"

    def prefixes(self) -> dict[str, list[str]]:
        """Every beginning of up to three letters that there is, for each list."""
        found = {}
        for listed, table in (("orders", OrderWord), ("customers", CustomerWord)):
            words = table.objects.values_list("word", flat=True).distinct()
            begun = {word[:length] for word in words.iterator() for length in range(1, _LETTERS + 1)}
            found[listed] = sorted(begun)
        return found

    def search(self, *, listed: str, words: str, requests: int = 1) -> Cost:
        """What a request for a list that is searched costs."""
        return cost(partial(self._ask, f"/admin/{listed}?{urlencode({'q': words})}"), requests)

    def mistyped(self, *, requests: int = 1) -> Cost:
        """What it costs to find customers by a name with a mistake in each word."""
        return self.search(listed="customers", words=_MISTYPED, requests=requests)

    def _ask(self, address: str) -> None:
        status, told = self._site.ask(address, HTTP_COOKIE=self._cookie)
        if status != 200 or b"data-row-link" not in told:
            raise ValueError(f"{address} answered {status}, and no row: {told[:2000]!r}")


def main() -> None:
    """Do the benchmark's tasks."""
    searches = Searches()
    answer(
        {
            "make": searches.make,
            "prefixes": searches.prefixes,
            "search": searches.search,
            "mistyped": searches.mistyped,
        }
    )


if __name__ == "__main__":
    main()
