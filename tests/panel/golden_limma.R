# Moderated t statistics of limma for tests/panel/test_moderated.py.
# Run: Rscript tests/panel/golden_limma.R   (Debian: r-bioc-limma)
library(limma)
values <- outer(1:12, 1:8, function(i, j) sin(i * j) + cos(i + 2 * j) + 0.4 * (i > 6) * (j %% 3))
values[2, 1] <- NA; values[9, 1] <- NA; values[3:6, 4] <- NA; values[12, 8] <- NA
design <- cbind(1, as.numeric(1:12 > 6))
fit <- eBayes(lmFit(t(values), design))
options(digits = 12)
cat("# limma", as.character(packageVersion("limma")), "\n")
cat("effect", fit$coefficients[, 2], "\n", sep = ", ")
cat("t", fit$t[, 2], "\n", sep = ", ")
cat("df", fit$df.total, "\n", sep = ", ")
cat("p", fit$p.value[, 2], "\n", sep = ", ")
cat("prior", fit$df.prior, fit$s2.prior, "\n")
