# EpiEstim on the areas of bench/estimates.py: Rscript bench/estimates_epiestim.R COUNTS.csv SI.csv OUT.csv
# COUNTS.csv: one column an area; OUT.csv: mean and quantiles of the first area; prints the seconds of all areas.
suppressMessages(library(EpiEstim))
args <- commandArgs(trailingOnly = TRUE)
counts <- read.csv(args[1])
interval <- read.csv(args[2])$p
days <- nrow(counts)
config <- make_config(list(t_start = 2:(days - 6), t_end = 8:days, si_distr = interval))
started <- proc.time()[["elapsed"]]
for (area in seq_len(ncol(counts))) {
  answer <- suppressWarnings(estimate_R(counts[[area]], method = "non_parametric_si", config = config))
  if (area == 1) first <- answer$R
}
took <- proc.time()[["elapsed"]] - started
write.csv(first, args[3], row.names = FALSE)
cat(took, "\n")
