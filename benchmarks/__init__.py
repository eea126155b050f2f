"""What is measured, and against what. Figures are ratios within one run: they mean the same on another machine."""
