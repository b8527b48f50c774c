-- FineWeb-Edu (Penedo et al. 2024, arXiv:2406.17557, section 4): pages whose educational grade, rounded, is 3 or more of 5.
-- Needs a student of the shipped head `educational`. On top of the recipe `fineweb` it is the data set.
educational.grade >= 2.5
