from functools import partial

import pytest

from proteoclass import scorer


@pytest.fixture(scope="module")
def quick_boosters():
    """Few, short boosters, for which the command line has no option."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(scorer, "Settings", partial(scorer.Settings, bags=2, rounds=5))
        yield
