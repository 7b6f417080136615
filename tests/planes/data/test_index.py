from entries import patient
from hypothesis import given
from hypothesis import strategies as st

from planes.data import fields as f
from planes.data.index import RuleIndex
from planes.data.rule import Match, Rule, match

FIELDS = (f.IN_PORT, f.ETH_DST, f.ETH_TYPE)
terms: st.SearchStrategy[Match] = st.builds(
    lambda port, dst, kind: match(**port, **dst, **kind),
    st.sampled_from(({}, {"in_port": 1}, {"in_port": 2})),
    st.sampled_from(({}, {"eth_dst": (1, 1)}, {"eth_dst": (2, 2)}, {"eth_dst": 3})),
    st.sampled_from(({}, {"eth_type": 5})),
)
rules = st.builds(Rule, st.integers(0, 1), st.integers(0, 9), terms, cookie=st.integers(0, 3))
frames = st.dictionaries(st.sampled_from(FIELDS), st.integers(0, 6))


@patient
@given(st.lists(st.tuples(st.booleans(), rules), max_size=20), frames)
def test_lookup_finds_what_a_search_of_all_rules_finds(
    steps: list[tuple[bool, Rule]], fields: dict[f.Field, int]
) -> None:
    index, held = RuleIndex(), dict[object, Rule]()
    for adding, rule in steps:
        if adding:
            index.insert(rule)
            held[rule.key] = rule
        else:
            index.remove(rule)
            held.pop(rule.key, None)
        assert (rule in index) is adding
    assert set(index.rules()) == set(held.values())
    for table in (0, 1):
        hits = [
            rule
            for rule in held.values()
            if rule.table == table and all(fields.get(t.field, ~t.value) & t.mask == t.value for t in rule.match)
        ]
        found = index.lookup(table, fields)
        assert (found in hits) if hits else found is None
        assert found is None or found.priority == max(rule.priority for rule in hits)


def test_a_field_that_is_absent_is_not_zero() -> None:
    index = RuleIndex()
    index.insert(Rule(0, 1, match(eth_type=f.ETH_ARP, arp_op=0)))
    assert index.lookup(0, {f.ETH_TYPE: f.ETH_ARP}) is None
    assert index.lookup(0, {f.ETH_TYPE: f.ETH_ARP, f.ARP_OP: 0}) is not None
