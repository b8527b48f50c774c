-- Essential-Web v1.0 (Hojel et al. 2025, arXiv:2506.14111), notebook "top math": mathematics (51) in types of documents that explain, with reasoning, correct.
-- Needs students of the heads essential_web_fdc, essential_web_document_type_v1, essential_web_document_type_v2, essential_web_reasoning_depth, essential_web_technical_correctness.
essential_web_fdc.label LIKE '51%'
AND essential_web_document_type_v1.label IN ('Reference/Encyclopedic/Educational', 'Code/Software', 'Social/Forum', 'Personal/Misc')
AND essential_web_document_type_v2.label IN (
  'Comment Section', 'Documentation', 'FAQ', 'Knowledge Article', 'Nonfiction Writing', 'Personal Blog', 'Q&A Forum', 'Structured Data', 'Tutorial'
)
AND essential_web_reasoning_depth.label IN ('Basic Reasoning', 'Intermediate Reasoning', 'Advanced Reasoning', 'Exceptional Reasoning')
AND essential_web_technical_correctness.label IN ('Highly Correct', 'Exceptionally Correct')
