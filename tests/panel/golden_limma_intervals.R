# Effects with 95 % intervals of limma for tests/panel/test_effects.py.
# Run: Rscript tests/panel/golden_limma_intervals.R   (Debian: r-bioc-limma)
library(limma)
values <- outer(1:12, 1:8, function(i, j) sin(i * j) + cos(i + 2 * j) + 0.4 * (i > 6) * (j %% 3))
values[2, 1] <- NA; values[9, 1] <- NA; values[3:6, 4] <- NA; values[12, 8] <- NA
fit <- eBayes(lmFit(t(values), cbind(1, as.numeric(1:12 > 6))))
options(digits = 12)
cat("# limma", as.character(packageVersion("limma")), "\n")
for (level in c(0.95, 0.8)) {
  top <- topTable(fit, coef = 2, number = Inf, sort.by = "none", confint = level)
  cat("# confint", level, "\n")
  cat("effect", top$logFC, "\n", sep = ", ")
  cat("lower", top$CI.L, "\n", sep = ", ")
  cat("upper", top$CI.R, "\n", sep = ", ")
}
