"""Which kind of form stands in a region: by its title, else by the labels present, and by those that tell lists apart.

A delivery list, a list of call results and a table of complaints share most of their columns: customer, telephone,
plate, date. What only one of them has decides.
"""

from collections.abc import Mapping

from parsers.labels import FormBook
from parsers.regions import Region
from rules.fields import Form, FormKind

LEAST_LABELS = 3  # without a title, so many make a form
REQUIRED_SHARE = 0.6  # less than that, and an 8D report reads as a complaint
_WITH_TITLE = 2
_NEEDED: Mapping[FormKind, frozenset[str]] = {  # without a title, all of these
    FormKind.DELIVERIES: frozenset({"business", "delivered_on"}),
}
_TELLING: Mapping[FormKind, frozenset[str]] = {  # without a title, at least two of these
    FormKind.CALLS: frozenset({"called_at", "called_by", "reached", "satisfied"}),
}
_BY_TITLE = (FormKind.RULING,)  # its few labels stand on many sheets
LISTS = (FormKind.DELIVERIES, FormKind.CALLS)  # a row a car; where as many labels fit, they go before others


def kind_of(region: Region, book: FormBook) -> FormKind | None:
    """Tell which form it is: by its title, else by the labels present; None if it is no form."""
    for title in region.titles:
        if len(region.keys(title.match.kind)) >= _WITH_TITLE:
            return title.match.kind
    untitled = (kind for kind in region.hits if kind not in _BY_TITLE)
    found = [kind for kind in untitled if _is_form(region, book.labels[kind].form)]
    return max(found, key=lambda kind: (len(region.keys(kind)), kind in LISTS), default=None)


def _is_form(region: Region, form: Form) -> bool:
    """Without a title, three labels make a form if most of what it always requires is among them."""
    keys = region.keys(form.kind)
    implied = {key for blank in form.blanks for key in blank.implies}
    required = {f.key for f in form.fields if f.required and not f.required_when} - implied
    enough = len(keys) >= LEAST_LABELS and len(keys & required) >= REQUIRED_SHARE * len(required)
    return enough and _tells(form.kind, keys)


def _tells(kind: FormKind, keys: frozenset[str]) -> bool:
    if kind in _NEEDED:
        return _NEEDED[kind] <= keys
    return len(_TELLING[kind] & keys) >= 2 if kind in _TELLING else True
