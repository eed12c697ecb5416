# Golden numbers of test_time_to_event.py, by the package survival.
#
# Run in this folder: python golden_survival.py > patients.tsv
#                     Rscript golden_survival.R patients.tsv
suppressPackageStartupMessages(library(survival))

patients <- read.delim(commandArgs(trailingOnly = TRUE)[1])
patients$odds <- qlogis(patients$score / 100)
high <- subset(patients, band == "high")
curve <- summary(survfit(Surv(days, event) ~ 1, high, conf.type = "log-log"))
print(data.frame(curve$time, curve$n.risk, curve$surv, curve$lower, curve$upper), digits = 9)
test <- survdiff(Surv(days, event) ~ band, patients)
cat("log-rank", sprintf("%.9g", c(test$chisq, pchisq(test$chisq, 2, lower.tail = FALSE))), "\n")
cox <- summary(coxph(Surv(days, event) ~ odds, patients, ties = "efron",
                     control = coxph.control(eps = 1e-12)))
cat("cox", sprintf("%.9g", c(cox$conf.int[c(1, 3, 4)], cox$coefficients[5])), "\n")
cat("#", R.version.string, "survival", as.character(packageVersion("survival")), "\n")
