# Mean decrease in accuracy of randomForest for tests/panel/test_forest_view.py.
# Run: Rscript tests/panel/golden_forest.R   (Debian: r-cran-randomforest)
suppressPackageStartupMessages(library(randomForest))
label <- rep(0:1, each = 20)
values <- outer(1:40, 1:9, function(i, j) sin(7.3 * i * j) + cos(i + 2 * j * j))
values <- values + outer(label, c(1.5, -1, 0.6, 0.3, 0, 0, 0, 0, 0))
set.seed(1)
runs <- replicate(20, importance(
  randomForest(values, factor(label), ntree = 2000, mtry = 3, importance = TRUE),
  type = 1, scale = FALSE)[, 1])
options(digits = 6)
cat("# randomForest", as.character(packageVersion("randomForest")), "20 runs of 2000 trees\n")
cat("mean", rowMeans(runs), "\n", sep = ", ")
cat("sd of a run", apply(runs, 1, sd), "\n", sep = ", ")
