"""Letters of axes against ``numpy.transpose``, ``numpy.flip`` and plain indexing."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from npyvtk.errors import OptionError
from npyvtk.plan.axes import canonical, format_axes, in_file_order, parse_axes

LENGTHS = {"x": 5, "y": 4, "z": 3, "c": 2, "t": 1, "n": 7}


def grids():
    """All orders of up to five letters of a grid: 1 to 3 in space, with and without time and components."""
    for count in (1, 2, 3):
        for space in itertools.combinations("xyz", count):
            for extra in ("", "c", "t", "tc"):
                yield from ("".join(p) for p in itertools.permutations((*space, *extra)))


def expected(values, text):
    """(nz, ny, nx[, c]) of `values` by the names of its axes, one element after the other."""
    present = [letter for letter in "zyxc" if letter in text]
    found = np.empty([LENGTHS[letter] for letter in present], values.dtype)
    for index in np.ndindex(*found.shape):
        place = dict(zip(present, index))
        found[index] = values[tuple(place.get(letter, 0) for letter in text)]
    for k, letter in enumerate("zyx"):
        if letter not in text:
            found = np.expand_dims(found, k)
    return found


@pytest.mark.parametrize("text", sorted(set(grids())))
def test_every_order_of_letters_lands_where_its_names_say(text):
    values = np.random.default_rng(0).permutation(120)[: np.prod([LENGTHS[k] for k in text])]
    values = values.reshape([LENGTHS[k] for k in text])
    axes = parse_axes(text)
    found = canonical(values, axes)
    assert np.shares_memory(found, values)
    np.testing.assert_array_equal(found, expected(values, text))
    back = in_file_order(found, axes)
    assert np.shares_memory(back, values)
    np.testing.assert_array_equal(back, values)


@pytest.mark.parametrize("signs", list(itertools.product(["", "-"], repeat=3)), ids="".join)
@pytest.mark.parametrize("order", list(itertools.permutations("zyx")), ids="".join)
def test_minus_flips_its_own_axis_only(order, signs):
    text = "".join(sign + letter for sign, letter in zip(signs, order))
    values = np.arange(60).reshape([LENGTHS[k] for k in order])
    flipped = np.flip(values, [k for k, sign in enumerate(signs) if sign])
    found = canonical(values, parse_axes(text))
    np.testing.assert_array_equal(found, np.transpose(flipped, [order.index(k) for k in "zyx"]))
    np.testing.assert_array_equal(in_file_order(found, parse_axes(text)), values)


@pytest.mark.parametrize(
    ("text", "order"),
    [("n", [0]), ("nc", [0, 1]), ("cn", [1, 0]), ("ncc", [0, 1, 2]), ("cnc", [1, 0, 2]), ("ccn", [2, 0, 1])],
)
def test_rows_come_first_and_components_keep_their_order(text, order):
    shape = (2, 3, 4)[: len(text)]
    values = np.arange(np.prod(shape)).reshape(shape)
    axes = parse_axes(text)
    np.testing.assert_array_equal(canonical(values, axes), np.transpose(values, order))
    np.testing.assert_array_equal(in_file_order(canonical(values, axes), axes), values)


def test_several_component_axes_keep_their_order_on_a_grid():
    values = np.arange(2 * 3 * 4 * 5 * 6).reshape(2, 3, 4, 5, 6)
    np.testing.assert_array_equal(canonical(values, parse_axes("cxzyc")), np.transpose(values, [2, 3, 1, 0, 4]))


def test_reversed_components_are_reversed():
    bgr = np.arange(24).reshape(2, 4, 3)
    np.testing.assert_array_equal(canonical(bgr, parse_axes("yx-c")), bgr[None, :, :, ::-1])


def test_trailing_axes_beyond_the_letters_stay_last():
    out = np.arange(3 * 4 * 5 * 2).reshape(3, 4, 5, 2)
    np.testing.assert_array_equal(in_file_order(out, parse_axes("xyz")), np.transpose(out, [2, 1, 0, 3]))


def test_a_single_value_stays_a_writable_view():
    out = np.zeros((1, 1, 1))
    in_file_order(out, ())[()] = 7
    assert out[0, 0, 0] == 7


@pytest.mark.parametrize("text", ["", "zyx", "-yx", "t-z-y-xc", "ttzyxcc", "nc", "c"])
def test_text_and_axes_are_one(text):
    assert format_axes(parse_axes(text)) == text
    assert parse_axes(f"  {text} ") == parse_axes(text)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("zyw", "found 'w'"),
        ("ZYX", "found 'Z'"),
        ("zy x", "found ' '"),
        ("--yx", "found '-'"),
        ("yx-", "last - has no letter"),
        ("-", "last - has no letter"),
        ("zyy", "y stands twice"),
        ("nn", "n stands twice"),
        ("nx", "n numbers points or rows"),
        ("zyχ", "found 'χ'"),
    ],
)
def test_a_wrong_text_is_refused_with_its_place(text, words):
    with pytest.raises(OptionError, match=words) as caught:
        parse_axes(text)
    assert repr(text)[1:-1] in str(caught.value)
    assert "\n" not in str(caught.value)
