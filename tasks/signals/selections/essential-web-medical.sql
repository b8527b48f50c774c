-- Essential-Web v1.0 (Hojel et al. 2025, arXiv:2506.14111), notebook "medical": medicine (61) as one subject, and a natural science or medicine as the other.
-- Corrected: the notebook builds this filter and then applies `stem_filter`, which it never defines.
-- Needs students of the heads essential_web_fdc, essential_web_document_type_v1, essential_web_document_type_v2.
(
  (left(essential_web_fdc.label, 2) = '61' AND left(essential_web_fdc.second, 2) IN ('50', '51', '54', '57', '58', '59', '61'))
  OR (left(essential_web_fdc.second, 2) = '61' AND left(essential_web_fdc.label, 2) IN ('50', '51', '54', '57', '58', '59', '61'))
)
AND (
  essential_web_document_type_v1.label IN ('Academic/Research', 'Reference/Encyclopedic/Educational')
  OR essential_web_document_type_v2.label IN ('Academic Writing', 'Documentation', 'Knowledge Article', 'Q&A Forum')
)
AND essential_web_document_type_v1.label NOT IN (
  'News/Editorial', 'Code/Software', 'Social/Forum', 'Promotional/Advertisement', 'Adult/Pornographic', 'Personal/Misc', 'Machine-Generated',
  'E-Commerce/Marketplace', 'Images/Videos/Audio'
)
AND essential_web_document_type_v2.label NOT IN (
  'About (Org.)', 'About (Personal)', 'Audio Transcript', 'Comment Section', 'Content Listing', 'Creative Writing', 'Legal Notices', 'Listicle',
  'News (Org.)', 'News Article', 'Personal Blog', 'Product Page', 'Spam / Ads', 'Structured Data', 'Truncated', 'Tutorial', 'User Review'
)
