"""All kernels of extraction and of language identification, loaded once: what is not compiled yet is compiled, and kept for other processes.

``python -m winnow.tasks.extract.load_kernels`` is part of ``make setup`` and of the container's image.
"""

from winnow.tasks.extract.extractors.learned_blocks import LearnedBlocks
from winnow.tasks.extract.language import LanguageModel
from winnow.tasks.models.files import model_file


def load_kernels() -> None:
    """Extract a page and name its language, as a worker does with its first one. Raises BadInput: fastText or its model is not installed."""
    LearnedBlocks().load()
    LanguageModel.of(model_file("lid.176.ftz")).predict(["A page."])


if __name__ == "__main__":
    load_kernels()
