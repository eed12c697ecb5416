# Variances, covariances and paired tests of AUCs for tests/scorer/test_delong.py.
# Run: Rscript tests/scorer/golden_delong.R   (CRAN: pROC 1.18.0, R 4.2.2)
suppressMessages(library(pROC))
labels <- c(0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 1, 1, 1)
# Rounded to halves, so that patients tie within and between the classes.
first <- c(1, 1.5, 2, 2, 2.5, 3, 3, 3.5, 4, 4.5, 5, 6, 2.5, 3.5, 4, 4.5, 5, 5.5, 6, 7)
second <- c(2, 1, 3, 2.5, 4, 1.5, 5, 3, 2, 6, 3.5, 4, 3, 3, 5.5, 2, 6, 4, 7, 4.5)
third <- -c(4, 3, 1, 2, 5, 6, 7, 8, 2, 1, 3, 4, 8, 2, 1, 3, 7, 5, 6, 4)
curve <- function(scores) roc(labels, scores, levels = c(0, 1), direction = "<", quiet = TRUE)
curves <- lapply(list(first, second, third), curve)
show <- function(...) cat(paste(format(c(...), digits = 15), collapse = " "), "\n")
cat("AUC\n"); show(sapply(curves, auc))
cat("variance\n"); show(sapply(curves, var, method = "delong"))
cat("covariance 1-2, 1-3, 2-3\n")
show(cov(curves[[1]], curves[[2]]), cov(curves[[1]], curves[[3]]), cov(curves[[2]], curves[[3]]))
for (pair in list(c(1, 2), c(1, 3))) {
  test <- roc.test(curves[[pair[1]]], curves[[pair[2]]], method = "delong", paired = TRUE)
  cat("paired test", pair, ": z, p, interval\n")
  show(test$statistic, test$p.value, test$conf.int)
}
cat("interval on the logit\n")
for (each in curves) {
  value <- as.numeric(auc(each))
  half <- qnorm(0.975) * sqrt(var(each)) / (value * (1 - value))
  show(plogis(qlogis(value) + c(-half, half)))
}
