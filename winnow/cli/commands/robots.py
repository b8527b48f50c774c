"""``winnow robots``: what a robots.txt says of a URL."""

from pathlib import Path
from typing import Any

from cyclopts import App, Parameter

from winnow.cli.options import JsonOption, print_json

PANEL = "Look into a run"

command = App(name="robots", help="What a robots.txt file allows, and the line that decides.", default_parameter=Parameter(negative=()))


@command.command
def check(file: Path | None = None, /, *, agent: str = "", url: str = "", batch: Path | None = None, json: JsonOption = False) -> None:
    """Whether an agent may fetch a URL, and whether its page may be used to train models.

    Args:
        file: A robots.txt file.
        agent: The product token of the crawler, such as GPTBot.
        url: The URL, or its path.
        batch: A JSONL file of questions instead, with the keys robots (the text of a file), agent, and url or path; prints one answer per line.
    """
    from winnow.tasks.consent.robots import Robots
    from winnow.tasks.engine.errors import BadInput
    from winnow.tasks.sources.jsonl import records

    if batch:
        for question in records(batch, "robots", "agent"):
            where = question.get("url", question.get("path"))
            if not isinstance(where, str):
                raise BadInput(f"{batch}: a question has neither `url` nor `path`. Give each one of them, as a string.")
            print_json(_answer(Robots(question["robots"].encode("utf-8", "surrogatepass")), question["agent"], where))
        return
    if not (file and agent and url):
        raise BadInput("winnow robots check needs a robots.txt file, --agent and --url; or --batch with a file of questions.")
    try:
        robots = Robots(file.read_bytes())
    except OSError as e:
        raise BadInput(f"The file {file} cannot be read: {e.strerror or e}. Give a robots.txt file.") from None
    answer = _answer(robots, agent, url)
    if json:
        print_json(answer)
        return
    training = {"y": "allowed", "n": "forbidden", None: "not said"}[answer["train_ai"]]
    print(f"{agent} may{'' if answer['allowed'] else ' not'} fetch {url}. Training of models: {training}.")
    print(f"Decided by: {answer['line']}" if answer["line"] else "No line of the file decides.")


def _answer(robots: Any, agent: str, url: str) -> dict[str, Any]:
    from winnow.tasks.consent.preferences import Preferences

    verdict, said = robots.verdict(agent, url), Preferences(robots).stated(agent, url).get("train-ai")
    line = verdict.line or (said.line if said else None)
    return {
        "allowed": verdict.allowed,
        "train_ai": said.value if said else None,
        "line": line.text if line else "",
        "line_number": line.number if line else None,
        "train_ai_line": said.line.text if said else "",
    }
