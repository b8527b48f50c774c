-- Gopher's rules over RedPajama-V2's signals (recipe raw). Rules: Weber et al. 2024, arXiv:2411.12372, the example of its repository.
SELECT id FROM signals
WHERE rps_doc_word_count BETWEEN 50 AND 100000
  AND rps_doc_mean_word_length BETWEEN 3 AND 10
  AND rps_doc_symbol_to_word_ratio <= 0.1
  AND rps_doc_frac_no_alph_words <= 0.2
  AND rps_doc_stop_word_fraction > 0
