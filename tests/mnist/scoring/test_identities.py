"""Sets of object versions behave as Python's own, in a fraction of the memory."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from mnist.keys import listing_digest
from mnist.scoring.identities import Identities, IdentityLog, identity_column
from tests.factories import rows, version

identities = st.lists(st.binary(min_size=16, max_size=16) | st.just(b"\0" * 16), max_size=20)


@given(identities, identities)
def test_they_agree_with_sets_of_bytes(some, others):
    made, other = Identities.of(some), Identities.of(others)
    assert len(made) == len(set(some))
    assert made.digest == listing_digest(set(some))
    assert made.has(others).tolist() == [each in set(some) for each in others]
    assert (made | other).digest == listing_digest({*some, *others})
    assert (made - other).digest == listing_digest(set(some) - set(others))
    assert [made.members[place] for place in made.places(others) if place >= 0] == [
        each.rstrip(b"\0") for each in others if each in set(some)
    ]


@given(identities)
def test_a_log_counts_what_it_was_given(some):
    log = IdentityLog()
    for each in some:
        log.extend([each])
    assert len(log) == len(some)
    assert log.as_set().digest == listing_digest(set(some))


def test_the_column_of_a_table_keeps_trailing_zeros():
    versions = [version(f"b/{i}.png") for i in range(600)]
    table = rows(*versions)
    assert any(each.identity.endswith(b"\0") for each in versions)
    assert identity_column(table).tobytes() == b"".join(each.identity for each in versions)
    assert Identities(identity_column(table)).has([versions[0].identity]).all()
    assert identity_column(table.slice(0, 0)).shape == (0,)
    assert identity_column(table).dtype == np.dtype("S16")
