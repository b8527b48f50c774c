"""The block ``winnow-endpoint``: a server that models are asked on, its key, its limits and its prices."""

from typing import Any, ClassVar

from prefect.blocks.core import Block
from pydantic import Field, SecretStr


class ModelEndpoint(Block):
    """An OpenAI-compatible server. Name it as ``block:NAME`` wherever an endpoint goes. The key is read at the moment of sending and stands nowhere else."""

    _block_type_name: ClassVar[str] = "Winnow endpoint"
    _block_type_slug: ClassVar[str] = "winnow-endpoint"
    _description: ClassVar[str] = "An OpenAI-compatible server (llama.cpp, vLLM, a hosted one): address, model, key, limits, prices."

    url: str = Field(description="The base address of the API, or echo.", examples=["http://127.0.0.1:8080/v1"])
    model: str = Field(description="The model, as the server calls it.")
    key: SecretStr = Field(default=SecretStr(""), description="Leave empty to use the environment variable, or if the server needs none.")
    key_variable: str = Field(default="WINNOW_ENDPOINT_KEY", description="The environment variable of the worker that holds the key.")
    revision: str = Field(
        default="", description="Of the model's weights, if the name does not say it: another revision gives other answers."
    )
    requests_per_minute: float = Field(default=0, ge=0, description="At most; 0 for no limit.")
    tokens_per_minute: float = Field(default=0, ge=0, description="At most, of prompts and answers; 0 for no limit.")
    concurrency: int = Field(default=16, ge=1, description="Requests at a time.")
    timeout_s: float = Field(default=120, gt=0, description="Seconds until a request counts as failed.")
    price_prompt: float = Field(default=0, ge=0, description="Price of a million tokens of prompts.")
    price_answer: float = Field(default=0, ge=0, description="Price of a million tokens of answers.")

    def without_key(self) -> dict[str, Any]:
        """All but the key."""
        names = ("url", "model", "key_variable", "revision", "requests_per_minute", "tokens_per_minute", "concurrency", "timeout_s")
        return {name: getattr(self, name) for name in (*names, "price_prompt", "price_answer")}
