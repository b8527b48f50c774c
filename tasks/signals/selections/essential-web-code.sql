-- Essential-Web v1.0 (Hojel et al. 2025, arXiv:2506.14111): the branch of the notebook "STEM" for programming (005.1, 005.4). The paper's set of code on the web is this
-- with scores of two fastText classifiers (DCLM's and one of code) on top, for which no notebook is published: add them as limits.
-- Corrected as `essential-web-stem` is: pages of indeterminate reasoning go.
-- Needs students of the heads essential_web_fdc, essential_web_document_type_v1, essential_web_document_type_v2, essential_web_reasoning_depth.
essential_web_reasoning_depth.label IS NOT NULL
AND essential_web_reasoning_depth.label <> 'Indeterminate'
AND left(essential_web_fdc.label, 2) IN ('50', '51', '52', '53', '54', '55', '56', '57', '58', '59', '60', '61', '62', '66', '00')
AND left(essential_web_fdc.second, 2) IN ('50', '51', '52', '53', '54', '55', '56', '57', '58', '59', '60', '61', '62', '66', '00')
AND (left(essential_web_fdc.label, 5) IN ('005.1', '005.4') OR left(essential_web_fdc.second, 5) IN ('005.1', '005.4'))
AND essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational', 'Code/Software', 'Social/Forum')
AND essential_web_document_type_v2.label IN (
  'Academic Writing', 'Comment Section', 'Documentation', 'Knowledge Article', 'Personal Blog', 'Q&A Forum', 'Tutorial'
)
