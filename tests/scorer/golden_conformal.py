"""Class-conditional conformal p by crepes 0.9.1, printed for `test_conformal.py`.

Run by hand in an environment with crepes; the numbers stand in the test.
"""

import sys

import numpy as np
from scipy.special import expit


class Margins:
    """A learner whose only feature is the margin itself."""

    classes_ = np.array([0, 1])

    def predict_proba(self, margins):
        positive = expit(margins[:, 0])
        return np.column_stack([1 - positive, positive])


def margins_and_classes():
    place = np.arange(30)
    classes = (place % 3 == 0).astype(int)
    # One decimal, so that there are ties.
    return np.round(np.sin(7.0 * place) + classes, 1), classes, np.linspace(-1.2, 2.1, 12).round(1)


if __name__ == "__main__":
    # Here, because the file is also looked through for examples where crepes is not installed.
    from crepes import WrapClassifier

    margins, classes, new = margins_and_classes()
    wrapped = WrapClassifier(Margins())
    wrapped.calibrate(margins[:, None], classes, class_cond=True)
    p = wrapped.predict_p(new[:, None], smoothing=False)
    sys.stdout.write(f"{np.round(p, 6).tolist()}\n")
