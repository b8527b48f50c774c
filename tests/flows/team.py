"""infra/compose.yaml as tests read it: services, and their commands and environment on one machine instead of in containers."""

import re

import yaml

from tests.flows.conftest import ROOT

COMPOSE = yaml.safe_load((ROOT / "infra" / "compose.yaml").read_text())


def resolved(text, values):
    """``${NAME:?message}`` and ``${NAME:-default}`` filled in. Raises KeyError for one that is asked for and not given."""

    def value(match):
        name, default = match[1], match[2]
        return values[name] if default is None else values.get(name, default)

    return re.sub(r"\$\{(\w+)(?::\?[^}]*|:-([^}]*))\}", value, text)


def service(name, values, places):
    """Command and environment of a service. ``places`` maps what stands for another container to where it is here."""

    def here(text):
        text = resolved(text, values)
        for container, place in places.items():
            text = text.replace(container, place)
        return text

    found = COMPOSE["services"][name]
    return [here(word) for word in found["command"]], {key: here(text) for key, text in found["environment"].items()}
