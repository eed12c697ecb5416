"""Net benefit by dcurves for tests/scorer/test_decision_curve.py.

Run: python tests/scorer/golden_dcurves.py   (dcurves 1.1.7, which needs pandas below 3)
"""


def main():
    import numpy as np
    import pandas as pd
    from dcurves import dca

    i = np.arange(45)
    labels = np.isin(i % 15, [0, 3, 5, 8, 9, 12, 14]).astype(int)
    # Probabilities to two decimals: some lie on a threshold.
    log_odds = 2 * np.sin(7 * i) + 1.5 * labels - 1
    risks = np.round(1 / (1 + np.exp(-log_odds)), 2)
    frame = pd.DataFrame({"label": labels, "risk": risks})
    found = dca(
        data=frame, outcome="label", modelnames=["risk"], thresholds=np.arange(1, 100) / 100
    )
    for name in ("risk", "all", "none"):
        rows = found[found["model"] == name].sort_values("threshold")
        picked = rows.iloc[[0, 4, 9, 19, 29, 39, 49, 59, 69, 79, 89, 98]]
        print(name, [float(f"{value:.10g}") for value in picked["net_benefit"]])  # noqa: T201


if __name__ == "__main__":
    main()
