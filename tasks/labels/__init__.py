"""Labels that somebody gave: heads (what is asked), prompts, answers, the table of judgements, and how far two annotators agree."""
