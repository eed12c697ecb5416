# Sensitivity at fixed specificity and the reverse, and DeLong's variance of a mean of AUCs,
# for tests/scorer/test_ranking.py and tests/scorer/test_subgroups.py.
# Run: Rscript tests/scorer/golden_fixed_rates.R   (Debian: r-cran-proc)
suppressMessages(library(pROC))
i <- 0:44
labels <- as.numeric(i %% 15 %in% c(0, 3, 5, 8, 9, 12, 14))
first <- round(2 * sin(7 * i) + 1.5 * labels, 1)
second <- round(2 * sin(5 * i + 1) + 1.5 * labels, 1)
options(digits = 12)
cat("# pROC", as.character(packageVersion("pROC")), "\n")
cat("n", sum(labels), sum(1 - labels), "\n")
curves <- lapply(list(first, second), function(s) roc(labels, s, direction = "<", quiet = TRUE))
for (curve in curves) {
  cuts <- coords(curve, "all", transpose = FALSE)
  at <- function(read, held, rate) max(read[held >= rate - 1e-9])
  for (rate in c(0.8, 0.9, 0.95)) {
    cat(rate, at(cuts$sensitivity, cuts$specificity, rate),
        at(cuts$specificity, cuts$sensitivity, rate), "\n", sep = ", ")
  }
}
variance <- (var(curves[[1]]) + var(curves[[2]]) + 2 * cov(curves[[1]], curves[[2]])) / 4
cat("mean auc", (auc(curves[[1]]) + auc(curves[[2]])) / 2, "error", sqrt(variance), "\n")
