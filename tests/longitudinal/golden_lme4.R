# Golden numbers of test_longitudinal_mixed.py, by lme4.
#
# Run in this folder: Rscript golden_lme4.R
# The numbers in the test were printed by R 4.2.2 with lme4 1.1-31.
suppressPackageStartupMessages(library(lme4))

visits <- read.delim("golden_visits.tsv")
visits$week <- visits$day / 7
visits$log_odds <- qlogis(visits$score / 100)
visits$group <- factor(visits$group)
tight <- lmerControl(optimizer = "bobyqa", optCtrl = list(rhobeg = 0.2, rhoend = 1e-9, maxfun = 1e5))

show <- function(title, model) {
  cat("\n##", title, "singular:", isSingular(model), "\n")
  print(summary(model)$coefficients[, 1:2], digits = 10)
  print(as.data.frame(VarCorr(model))[, c("grp", "var1", "var2", "vcov")], digits = 10)
}

for (name in c("interior", "singular")) {
  cohort <- subset(visits, cohort == name)
  cohort$centred <- cohort$week - mean(cohort$week)
  full <- lmer(log_odds ~ 0 + group + group:week + (1 + week | patient_id), cohort, control = tight)
  show(paste(name, "slope"), full)
  plain <- lmer(log_odds ~ 0 + group + group:centred + (1 + centred || patient_id), cohort, control = tight)
  show(paste(name, "uncorrelated slope"), plain)
  level <- lmer(log_odds ~ 0 + group + group:week + (1 | patient_id), cohort, control = tight)
  show(paste(name, "intercept"), level)
  if (name == "interior") {
    random <- ranef(full)$patient_id
    cat("\nrandom slopes of the first four patients\n")
    print(head(random, 4), digits = 10)
  }
}
