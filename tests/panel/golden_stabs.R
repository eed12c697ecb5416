# Error bounds of the R package stabs for tests/panel/test_error_bound.py.
# Run: Rscript tests/panel/golden_stabs.R   (CRAN: stabs)
# The test's numbers are those of the output its authors keep with it,
# tests/regtest-inference.Rout.save, where the same calls are made.
library(stabs)
for (q in 1:10) {
  arguments <- list(cutoff = 0.6, q = q, p = 100, B = 50)
  print(do.call(stabsel_parameters, c(arguments, sampling.type = "MB")))
  for (assumption in c("unimodal", "r-concave"))
    print(do.call(stabsel_parameters, c(arguments, sampling.type = "SS", assumption = assumption)))
}
for (case in list(c(6, 0.6), c(7, 0.6), c(7, 0.61), c(7, 0.62)))
  print(stabs:::minD(case[1], 200, case[2], 50) * 200)
for (assumption in c("unimodal", "r-concave"))
  print(stabs:::optimal_cutoff(p = 200, q = 7, PFER = 0.2, B = 50, assumption = assumption))
