"""A model behind an endpoint as the judge of a recall: a head is asked about each document of the sample, and nothing twice, since every answer is kept in the store."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from winnow.tasks.endpoint.answers import Answers
from winnow.tasks.endpoint.client import ask
from winnow.tasks.endpoint.cost import forecast
from winnow.tasks.endpoint.endpoint import endpoint
from winnow.tasks.engine.errors import BadInput
from winnow.tasks.engine.places import store_at
from winnow.tasks.labels.annotation import Annotation, Document, Figures
from winnow.tasks.labels.heads import Head, Label, head
from winnow.tasks.recall.judge import is_yes
from winnow.tasks.recall.pool import Pooled

PROMPT = "Is this document about the topic {topic}? Answer yes only if the topic is what the document is mainly about; to mention it in passing is not enough."


def head_of_topic(topic: str) -> Head:
    """The head that is asked where none is named: yes or no."""
    return Head(
        "recall", "choice", PROMPT.format(topic=topic), (Label("yes", f"mainly about {topic}"), Label("no", "about something else"))
    )


@dataclass(frozen=True)
class EndpointJudge:
    """``least`` is, of a head with a scale, the grade from which a document is of the topic. Documents that the model does not answer about are left out."""

    annotation: Annotation
    store: str
    topic: str
    least: float | None = None

    @property
    def described(self) -> dict[str, Any]:
        """Who it is, by content: the head's digest and the model."""
        return {"head": self.annotation.head.digest, "annotator": self.annotation.annotator, "least": self.least}

    def answers(self, asked: Sequence[Pooled], number: int) -> dict[str, bool]:
        """Raises BadInput and Transient as the client does; what was answered is kept."""
        documents = [Document(each.id, each.document.url, each.document.text) for each in asked]
        kept = Answers(store_at(self.store))
        ask(self.annotation.endpoint, kept, self.annotation.queries(documents))
        found: dict[str, bool] = {}
        for said in self.annotation.judged(documents, kept, Figures()):
            if said.valid:
                found[said.id] = (
                    said.score >= (self.least or 0) if said.score is not None else any(is_yes(x, self.topic) for x in said.labels)
                )
        return found

    def price_most(self, documents: Sequence[Pooled]) -> float:
        """What it would cost at most to ask about these documents."""
        asked = (Document(each.id, each.document.url, each.document.text) for each in documents)
        return forecast(self.annotation.queries(asked), self.annotation.endpoint, Answers(store_at(self.store))).price_most


def endpoint_judge(place: str, options: dict[str, Any], spec: str, topic: str, store: str, least: float | None) -> EndpointJudge:
    """The judge that a user names. Raises BadInput: no such endpoint or head, or a head that cannot say yes."""
    chosen = head(spec) if spec else head_of_topic(topic)
    if (
        chosen.of_lines
        or (chosen.scale is not None and least is None)
        or (chosen.names and not chosen.scale and not any(is_yes(n, topic) for n in chosen.names))
    ):
        raise BadInput(
            f"The head {chosen.name} cannot judge the topic {topic}: it needs a label {topic} or yes, or a scale and --least, the grade from which a document is of the topic."
        )
    return EndpointJudge(Annotation(chosen, endpoint(place, **options)), store, topic, least)
