"""What lists of people have in common."""

from salescontrol.core.views import ListPage, LongPaginator


def numbers_on(context: dict) -> list[str]:
    """The numbers of the rows on a page of a list, for the record of what was shown."""
    return [line["row"].number for line in context["rows"]]


class PersonalList(ListPage):
    """A list that is searched by names and phone numbers, and grows for years."""

    paginator_class = LongPaginator

    names_people = True

    def filter_text(self) -> str:
        """Without the words that were looked for: they are personal data, and the record of an export holds none."""
        return "&".join("q=*" if part.startswith("q=") else part for part in super().filter_text().split("&"))
