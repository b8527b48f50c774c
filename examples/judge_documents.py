"""Two annotators judge a sample of a finished run, and are compared: python judge_documents.py STORE

A scripted provider answers here, so that no server is needed. With a real one, `endpoint` is its address, such as http://127.0.0.1:8080/v1, and `options` name
the model; `winnow annotate` does the same from the command line.
"""

import json
import sys
import tempfile
from pathlib import Path

from winnow.tasks.labels.heads import head
from winnow.tasks.runs.annotating import AnnotationRequest, compared

store = sys.argv[1] if len(sys.argv) > 1 else "winnow-store"
print("The labels are", ", ".join(head("weborganizer_format").names[:4]), "and others.")

tables = []
with tempfile.TemporaryDirectory() as folder:
    for name, second in (("careful", "Knowledge Article: it is neutral"), ("hasty", "Personal Blog: so it seems")):
        script = Path(folder) / f"{name}.jsonl"
        lines = [{"contains": "of the village", "answer": "Creative Writing: it tells a story"}, {"answer": second}]
        script.write_text("\n".join(map(json.dumps, lines)))
        work = AnnotationRequest(
            "weborganizer_format", sample=20, endpoint=f"scripted:{script}", store=store, options={"model": name}
        ).prepared()
        for annotation, part in work.missing():
            work.judge(annotation, part)
        [report] = work.finish()
        print(f"{name}: {report['valid']} of {report['rows']} answers could be read: {report['labels']}")
        tables.append(Path(report["judged"]))

agreements, _ = compared(tables)
for agreement in agreements:
    print(f"{agreement.first} and {agreement.second} agree on {agreement.observed:.0%} of {agreement.items} documents")
