"""What the filters of a recipe measure of one text, and which limits it would cross: python examples/measure_a_text.py [RECIPE]"""

import sys

import winnow
from winnow.tasks.recipes.load import load

TEXT = "BUY NOW! Click here! The best offers are waiting for you. BUY NOW! Click here!"

if __name__ == "__main__":
    recipe = sys.argv[1] if len(sys.argv) > 1 else "gopher"
    values = winnow.measure(TEXT, recipe=recipe, language="en")
    for limit in load(recipe).limits:
        value = values.get(limit.signal)
        if isinstance(value, int | float):
            below, above = limit.low is not None and value < limit.low, limit.high is not None and value > limit.high
            print(f"{limit.signal:<32} {value:>10.4g}  {'below the limit' if below else 'above the limit' if above else ''}".rstrip())
