-- Per language of the recipe: how far the back-ends of languages.BackEnds agree, and what the others say most. Needs that filter in the recipe.
SELECT language, count(*) AS documents, round(avg(language_agreement), 4) AS agreement,
       round(avg(CAST(language_agreement = 1 AS INTEGER)), 4) AS unanimous, round(avg(language_score), 4) AS language_score,
       mode(language_majority) AS mostly, count(DISTINCT language_majority) AS majorities
FROM signals
GROUP BY language
ORDER BY documents DESC, language
