from __future__ import annotations

import pytest

from vrrpscope.wire.segments import Tag, segment_name, tag


@pytest.mark.parametrize(
    ("tags", "name"),
    [
        ([], ""),
        ([(Tag.VLAN, 100)], "vlan100"),
        ([(Tag.VLAN, 30), (Tag.VLAN, 100)], "vlan30.100"),
        ([(Tag.ISID, 5)], "isid5"),
        ([(Tag.VLAN, 5), (Tag.VNI, 77)], "vlan5+vni77"),
        ([(Tag.VNI, 77), (Tag.VLAN, 100)], "vni77+vlan100"),
        ([(Tag.GRE, 0)], "gre"),
        ([(Tag.GRE_KEY, 42)], "gre42"),
        ([(Tag.ERSPAN, 0)], "erspan"),
        ([(Tag.ERSPAN_SESSION, 3)], "erspan3"),
        ([(Tag.ERSPAN_SESSION, 3 | 100 << 16)], "erspan3+vlan100"),
        ([(Tag.ERSPAN_SESSION, 3 | 100 << 16), (Tag.VLAN, 7)], "erspan3+vlan7"),
        ([(Tag.ERSPAN_SESSION, 3 | 100 << 16), (Tag.VNI, 7)], "erspan3+vlan100+vni7"),
        ([(Tag.ERSPAN_SESSION, 3), (Tag.ERSPAN_SESSION, 4)], "erspan3+erspan4"),
    ],
)
def test_tags_name_a_segment(tags: list[tuple[Tag, int]], name: str) -> None:
    values = [int(tag(kind, number)) for kind, number in tags]
    assert segment_name(values) == name
    assert segment_name([0, *values, 0]) == name
