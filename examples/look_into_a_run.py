"""Ask a finished run: python examples/look_into_a_run.py [STORE]"""

import sys

import winnow

if __name__ == "__main__":
    run = winnow.open_run(store=sys.argv[1] if len(sys.argv) > 1 else "winnow-store")
    print(run, f"kept {run.summary.kept_share:.1%}")

    print("\nThe largest sites of the corpus")
    print(
        run.sql(
            "SELECT host, count(*) AS documents FROM documents JOIN decisions USING (id) WHERE kept GROUP BY host ORDER BY 2 DESC, 1 LIMIT 5"
        )
    )

    print("\nWhy pages were dropped")
    decisions = run.decisions(["kept", "reason"])
    print(decisions.loc[~decisions["kept"], "reason"].value_counts().head())

    change = run.what_if({"word_count.low": 300})
    print(f"\nWith at least 300 words, {change.leave.documents} of {change.kept.documents} kept documents would leave.")

    url = run.documents(["url"])["url"].iloc[0]
    for page in run.explain(url):
        print(f"\n{url}\n{page.fate}")
