"""Types of numpy arrays by what is in them, for annotations. What an array *means* is said by its name, or by a type of the module that made it up."""

import numpy as np
import numpy.typing as npt

Bools = npt.NDArray[np.bool_]
I32 = npt.NDArray[np.int32]
Ints = npt.NDArray[np.int64]
U64 = npt.NDArray[np.uint64]
Singles = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
