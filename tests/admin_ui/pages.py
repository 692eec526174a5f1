"""What a page of the admin shows and asks for, by names, ids and texts."""

from html.parser import HTMLParser

from django.http import HttpResponse


class Html(HTMLParser):
    """A page: its tags with their attributes, its text, and the names of a list's rows."""

    def __init__(self, response: HttpResponse) -> None:
        super().__init__()
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.rows: list[str] = []
        self.text = ""
        self._told: dict[str, str] = {}
        self._inside: list[str] = []
        self.feed(response.content.decode())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag == "p":
            self._inside.append(attributes.get("id", ""))
        if "data-row-link" in attributes:
            self.rows.append("")
            self._inside.append("row")

    def handle_endtag(self, tag: str) -> None:
        if self._inside and tag == ("a" if self._inside[-1] == "row" else "p"):
            self._inside.pop()

    def handle_data(self, data: str) -> None:
        self.text += data
        if self._inside and self._inside[-1] == "row":
            self.rows[-1] += data
        elif self._inside:
            self._told[self._inside[-1]] = self._told.get(self._inside[-1], "") + data

    @property
    def acts(self) -> bool:
        """Whether anything in the page brought a script of its own."""
        inline = [attributes for tag, attributes in self.tags if tag == "script" and "src" not in attributes]
        return bool(inline) or any(name.startswith("on") for _, attributes in self.tags for name in attributes)

    def control(self, name: str) -> dict[str, str]:
        """The one input of this name."""
        [found] = self._controls(name)
        return found

    def value(self, name: str) -> str:
        """What the one input of this name holds."""
        return self.control(name)["value"]

    def values(self, name: str) -> list[str]:
        """What the inputs of this name hold."""
        return [control["value"] for control in self._controls(name)]

    def value_of(self, gid: str) -> str:
        """What the input with this id holds."""
        [found] = [
            attributes["value"] for tag, attributes in self.tags if tag == "input" and attributes.get("id") == gid
        ]
        return found

    def ticked(self) -> list[str]:
        """What the boxes that are ticked stand for."""
        boxes = [attributes for tag, attributes in self.tags if tag == "input" and attributes.get("type") == "checkbox"]
        return [box["value"] for box in boxes if "checked" in box]

    def told_at(self, gid: str) -> str:
        """What is said of the input with this id, which is marked as wrong."""
        [control] = [attributes for tag, attributes in self.tags if tag == "input" and attributes.get("id") == gid]
        assert control.get("aria-invalid") == "true", f"{gid} is not marked"
        return " ".join(self._told.get(about, "").strip() for about in control["aria-describedby"].split()).strip()

    def focused(self) -> list[str]:
        """The ids of what takes the focus."""
        return [attributes["id"] for _, attributes in self.tags if "autofocus" in attributes]

    def images(self) -> list[str]:
        """Where its images come from, without those that are part of every page."""
        sources = [attributes["src"] for tag, attributes in self.tags if tag == "img"]
        return [source for source in sources if not source.startswith("/static/")]

    def next_page(self) -> str:
        """The address of the list's next page."""
        [address] = [attributes["href"] for _, attributes in self.tags if attributes.get("rel") == "next"]
        return address

    def _controls(self, name: str) -> list[dict[str, str]]:
        return [attributes for tag, attributes in self.tags if tag == "input" and attributes.get("name") == name]
