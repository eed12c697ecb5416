# Random-effects summaries of metafor for tests/scorer/test_heterogeneity.py.
# Run: Rscript tests/scorer/golden_heterogeneity.R   (Debian: r-cran-metafor)
suppressMessages(library(metafor))
options(digits = 12)
cat("# metafor", as.character(packageVersion("metafor")), "\n")
summarise <- function(estimates, errors) {
  moments <- rma(estimates, sei = errors, method = "DL")
  # adhoc: Hartung-Knapp, its factor never below 1.
  fit <- rma(estimates, sei = errors, method = "REML", test = "adhoc",
             control = list(threshold = 1e-13, maxiter = 10000))
  new <- predict(fit)
  cat("Q p I2", moments$QE, moments$QEp, moments$I2 / 100, "\n", sep = ", ")
  cat("tau2 pooled error", fit$tau2, fit$b, fit$se, "\n", sep = ", ")
  cat("interval", fit$ci.lb, fit$ci.ub, "\n", sep = ", ")
  cat("prediction", new$pi.lb, new$pi.ub, "\n", sep = ", ")
}
summarise(c(1.9, 0.7, 2.6, 1.2, 0.1), c(0.45, 0.3, 0.8, 0.35, 0.4))
summarise(c(1.0, 1.2, 0.9, 1.1), c(0.3, 0.5, 0.4, 0.2))
summarise(c(0.2, 1.6, 1.1), c(0.3, 0.35, 0.5))
