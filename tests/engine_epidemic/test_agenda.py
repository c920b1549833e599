"""An agenda gives back what is due, in the order in which it came."""

from __future__ import annotations

import numpy as np

from tongchou.engine.epidemic.agenda import Agenda


def test_entries_come_back_on_their_day_in_the_order_in_which_they_came():
    agenda = Agenda(2)
    agenda.put(np.array([3, 1, 3, 2]), np.array([10, 11, 12, 13]), np.array([0, 1, 2, 3]))
    agenda.put_on(3, np.array([14, 15]), np.array([4, 5]))
    agenda.put(np.array([1, 1]), np.array([16, 17]), np.array([6, 7]))
    assert [day in agenda for day in range(5)] == [False, True, True, True, False]
    taken = {day: [column.tolist() for column in agenda.take(day)] for day in (1, 2, 3)}
    assert taken == {1: [[11, 16, 17], [1, 6, 7]], 2: [[13], [3]], 3: [[10, 12, 14, 15], [0, 2, 4, 5]]}


def test_what_was_taken_or_never_put_is_no_longer_due():
    agenda = Agenda(1)
    agenda.put(np.empty(0, np.int64), np.empty(0, np.int64))
    agenda.put_on(4, np.empty(0, np.int64))
    agenda.put_on(5, np.array([1]))
    assert 4 not in agenda and agenda.take(5)[0].tolist() == [1]
    assert 5 not in agenda and [column.tolist() for column in agenda.take(5)] == [[]]
