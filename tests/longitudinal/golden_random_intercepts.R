# Golden numbers of test_random_intercept.py, by lme4 and lmerTest.
#
# Run in this folder: python golden_random_intercepts.py > visits.tsv
#                     Rscript golden_random_intercepts.R visits.tsv
suppressPackageStartupMessages(library(lmerTest))

visits <- read.delim(commandArgs(trailingOnly = TRUE)[1])
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhoend = 1e-10, maxfun = 1e5))
for (protein in grep("^y", names(visits), value = TRUE)) {
  visits$y <- visits[[protein]]
  model <- suppressWarnings(suppressMessages(
    lmer(y ~ severe * week + (1 | patient), visits, control = tight)))
  table <- summary(model)$coefficients
  cat(protein, sprintf("%.9g", c(table[, 1], table[, 2], table[, 3], as.data.frame(VarCorr(model))$vcov)), "\n")
}
cat("#", R.version.string, "lme4", as.character(packageVersion("lme4")), "lmerTest", as.character(packageVersion("lmerTest")), "\n")
