"""``consent`` in recipes: what sites say about the use of their pages, as signals."""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

from winnow.tasks.consent.agents import Agents, read_agents, shipped
from winnow.tasks.consent.judge import ClosedBy
from winnow.tasks.consent.judge_pages import SHARDS_PER_PARTITION, JudgePages
from winnow.tasks.consent.read_policy_files import LISTING, ReadPolicyFiles
from winnow.tasks.consent.scatter_pages import ScatterPages
from winnow.tasks.consent.signals import Consent, columns_of
from winnow.tasks.engine.identity import digest, stable
from winnow.tasks.engine.options import Reader
from winnow.tasks.engine.sections import Draft, Phase, Section, rooted_paths

CLOSED_BY = ("any", "all")
PURPOSE = "what all mechanisms say of {}: deny, allow, or unknown where nobody says anything"
MEANINGS = {
    "consent_train_ai": PURPOSE.format("training models with the page"),
    "consent_search": PURPOSE.format("listing the page in search, or answering from it"),
    "consent_user": PURPOSE.format("fetching the page because a person asked"),
    "consent_archive": PURPOSE.format("keeping the page in an archive"),
    "consent_train_ai_by": "the mechanisms that deny training, or allow it",
    "consent_conflict": "whether mechanisms, or rules of one robots.txt, contradict each other",
    "consent_robots": "robots.txt of the page's scheme, host and port: found, none (4xx), unreachable (5xx), unknown (never captured)",
    "consent_robots_date": "when the robots.txt that counts was captured",
    "consent_robots_digest": "digest of that capture",
    "consent_robots_distance_s": "seconds from that capture to the page; negative: the capture is later",
    "consent_robots_flaws": "html (a page in its place), utf-16, oversized, truncated, and problems of HTTP",
    "consent_licence": "the first licence that the page or its site names",
    "consent_files": "which of ai.txt, llms.txt and rsl.xml were captured; none of them is a permission",
    "consent_agents_denied": "how many agents of the table may not fetch the page by robots.txt",
}


@stable("option/consent")
@dataclass(frozen=True)
class ConsentOptions:
    """``agents`` is the table of agents. By robots.txt a purpose is closed if ``any`` of its agents may not fetch the page, or only if ``all`` may not."""

    agents: Agents
    closed_by: ClosedBy = "any"


class ConsentSection(Section):
    key = "consent"
    phase: ClassVar[Phase] = "measure"
    order = 60
    example: ClassVar[Any] = {}
    about = "What robots.txt, headers and meta tags say about the use of each page, by purpose and by agent, as signals. Nothing is dropped by it."
    options = ConsentOptions
    tables = ("headers", "metadata", "policy_files")
    listings = (LISTING,)

    def read(self, value: Any, reader: Reader) -> ConsentOptions:
        said = reader.mapping({} if value is True else value, self.key)
        if unknown := set(said) - {"agents", "closed_by"}:
            raise reader.error(f"consent: unknown option {min(unknown)!r}. Known options: agents, closed_by.")
        agents, closed_by = said.get("agents", "shipped"), said.get("closed_by", "any")
        if closed_by not in CLOSED_BY:
            raise reader.error(f"consent.closed_by is {closed_by!r}; it is any or all.")
        if not isinstance(agents, str):
            raise reader.error(f"consent.agents is {agents!r}; give the path of a table of agents, or leave it out for the shipped one.")
        path = Path(agents)
        return ConsentOptions(
            shipped() if agents == "shipped" else read_agents(path if path.is_absolute() else reader.beside / path), closed_by
        )

    def rooted(self, value: Any, beside: Path) -> Any:
        shipped_one = not isinstance(value, Mapping) or value.get("agents") == "shipped"
        return value if shipped_one else rooted_paths(value, beside, "agents")

    def signals(self, options: ConsentOptions) -> Mapping[str, Any]:
        return columns_of(options.agents)

    def build(self, draft: Draft, options: ConsentOptions, entry: str) -> None:
        assert draft.documents is not None
        captures = ReadPolicyFiles(digest([shard.key for shard in draft.crawl.beside if shard.kind == LISTING]))
        pages, partitions = ScatterPages(draft.documents), draft.partitions(SHARDS_PER_PARTITION)
        judged = JudgePages(draft.crawl_digest, captures, pages, options.agents, options.closed_by, partitions)
        draft.signal_tables.append(Consent(draft.documents, judged))

    def meaning(self, name: str) -> str:
        return (
            MEANINGS.get(name)
            or f"whether the agent {name.removeprefix('consent_agent_')} may fetch the page by robots.txt: allow, deny, unknown"
        )

    def written(self, options: ConsentOptions, said: Any) -> Any:
        return {"agents": options.agents.location or "shipped", "closed_by": options.closed_by}

    def schema(self) -> dict[str, Any]:
        properties = {"agents": {"type": "string"}, "closed_by": {"enum": list(CLOSED_BY)}}
        return {"oneOf": [{"const": True}, {"type": "object", "properties": properties, "additionalProperties": False}]}
