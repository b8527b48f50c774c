-- Essential-Web v1.0 (Hojel et al. 2025, arXiv:2506.14111), notebook "STEM": both subjects in science or technology, and types of documents by subject.
-- Corrected: the notebook compares the code of the reasoning depth with the words Abstain and Indeterminate, so that it only asks whether there is one; here
-- indeterminate pages go. As published, "neither medicine nor engineering" of the last branch asks the first subject for medicine and the second for engineering.
-- Needs students of the heads essential_web_fdc, essential_web_document_type_v1, essential_web_document_type_v2, essential_web_reasoning_depth.
essential_web_reasoning_depth.label IS NOT NULL
AND essential_web_reasoning_depth.label <> 'Indeterminate'
AND left(essential_web_fdc.label, 2) IN ('50', '51', '52', '53', '54', '55', '56', '57', '58', '59', '60', '61', '62', '66', '00')
AND left(essential_web_fdc.second, 2) IN ('50', '51', '52', '53', '54', '55', '56', '57', '58', '59', '60', '61', '62', '66', '00')
AND (
  (
    (left(essential_web_fdc.label, 5) IN ('005.1', '005.4') OR left(essential_web_fdc.second, 5) IN ('005.1', '005.4'))
    AND essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational', 'Code/Software', 'Social/Forum')
    AND essential_web_document_type_v2.label IN (
      'Academic Writing', 'Comment Section', 'Documentation', 'Knowledge Article', 'Personal Blog', 'Q&A Forum', 'Tutorial'
    )
  )
  OR (
    (left(essential_web_fdc.label, 2) = '61' OR left(essential_web_fdc.second, 2) = '61')
    AND essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational', 'Code/Software', 'Legal/Regulatory')
    AND essential_web_document_type_v2.label IN ('Academic Writing', 'Documentation', 'FAQ', 'Knowledge Article', 'News Article', 'Tutorial')
  )
  OR (
    (left(essential_web_fdc.label, 2) = '62' OR left(essential_web_fdc.second, 2) = '62')
    AND essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational', 'Personal/Misc', 'Legal/Regulatory')
    AND essential_web_document_type_v2.label IN (
      'Academic Writing', 'Audio Transcript', 'Documentation', 'FAQ', 'Knowledge Article', 'News Article', 'Tutorial'
    )
  )
  OR (
    NOT (left(essential_web_fdc.label, 5) IN ('005.1', '005.4') OR left(essential_web_fdc.second, 5) IN ('005.1', '005.4'))
    AND left(essential_web_fdc.label, 2) <> '61'
    AND left(essential_web_fdc.second, 2) <> '62'
    AND essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational')
    AND essential_web_document_type_v2.label IN ('Academic Writing', 'Knowledge Article', 'News Article')
  )
)
