"""Many raters into one (MuRating): pairwise preferences of any columns, weighed by what people judged, become one rating per document."""
