"""Lists of domains in a recipe: only pages of these, never pages of those. An entry covers itself and everything below it: ``edu``, ``ac.uk``, ``example.org``."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from winnow.tasks.engine.context import ShardContext
from winnow.tasks.engine.identity import stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Section, rooted_paths
from winnow.tasks.engine.step import ShardStep, Step, StepResult
from winnow.tasks.signals.select import cross, decision_result

NOT_LISTED, REFUSED = "domain:not_listed", "domain:refused"


@stable("option/domains")
@dataclass(frozen=True)
class Domains:
    """``only``: a page stays if its host or a parent of it is among these. ``never``: it goes if one is among those, whatever ``only`` says. In a recipe each
    is a list, or the path of a text file with one domain per line."""

    only: tuple[str, ...] = ()
    never: tuple[str, ...] = ()

    def reason(self, host: str) -> str | None:
        """Why a page of this host goes; None if it stays."""
        parents = set(_parents(host))
        if not parents.isdisjoint(self.never):
            return REFUSED
        return NOT_LISTED if self.only and parents.isdisjoint(self.only) else None


def _parents(host: str) -> Iterator[str]:
    """The host and every domain above it, the top level too."""
    labels = host.lower().rstrip(".").split(".")
    return (".".join(labels[i:]) for i in range(len(labels)))


@stable("step/apply-domains")
@dataclass(frozen=True)
class ApplyDomains(ShardStep):
    """Decisions and documents in, decisions out: pages of domains that are not listed, or refused, go."""

    name: ClassVar[str] = "domains"
    about: ClassVar[str] = "keeps or refuses domains by the recipe's lists"
    reasons: ClassVar[Mapping[str, str]] = {
        NOT_LISTED: "the page's domain is on none of the recipe's lists",
        REFUSED: "the recipe refuses the page's domain",
    }

    decisions: Step
    documents: Step
    domains: Domains

    def run(self, shard: str, context: ShardContext) -> StepResult:
        before = context.read(self.decisions, shard)
        hosts = [host or "" for host in context.read(self.documents, shard, ["host"])["host"].to_pylist()]
        known = {host: self.domains.reason(host) for host in set(hosts)}
        reasons = [known[host] for host in hosts]
        return decision_result(cross(before, reasons, self.label, hosts), before["kept"])


class DomainsSection(Section):
    key = "domains"
    order = 25
    example: ClassVar = {"never": ["nowhere.example"]}
    about = "Keeps pages of listed domains only, or never those of others."
    options = Domains

    def read(self, value: Any, reader: Reader) -> Domains:
        options = reader.mapping(value, self.key)
        domains = reader.options(Domains, {key: self._listed(key, said, reader) for key, said in options.items()}, self.key)
        if not domains.only and not domains.never:
            raise reader.error("domains lists nothing. Give only, never, or both, such as {only: [edu, gov]}.")
        return domains

    def rooted(self, value: Any, beside: Path) -> Any:
        return {k: rooted_paths(v, beside) if isinstance(v, str) else v for k, v in value.items()} if isinstance(value, Mapping) else value

    def _listed(self, key: str, said: Any, reader: Reader) -> Any:
        if isinstance(said, str):
            try:
                lines = (reader.beside / said).read_text(encoding="utf-8").splitlines()
            except (OSError, UnicodeDecodeError) as e:
                raise reader.error(
                    f"domains.{key}: the file {said} cannot be read ({e}). Give a list, or a text file with one domain per line."
                ) from None
            said = [line for line in map(str.strip, lines) if line and not line.startswith("#")]
        if not all(isinstance(entry, str) and entry.strip(". ") and "/" not in entry for entry in reader.items(said, f"domains.{key}")):
            raise reader.error(f"domains.{key} must hold domains such as edu, ac.uk or example.org.")
        return sorted({entry.strip(". ").lower().removeprefix("*.") for entry in said})

    def written(self, options: Any, said: Any) -> Any:
        return {key: list(getattr(options, key)) for key in said}

    def build(self, draft: Draft, options: Any, entry: str) -> None:
        assert draft.documents is not None
        draft.decide(ApplyDomains(draft.decisions, draft.documents, options))

    def schema(self) -> dict[str, Any]:
        listed = {"oneOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}
        return {"type": "object", "properties": {"only": listed, "never": listed}, "additionalProperties": False}
