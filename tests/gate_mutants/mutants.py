"""The cures, each as the change that takes it out, the test that must notice, and the words it must notice with.

A change is text found exactly once in the source, so that no cure needs a switch in the code that runs in production.
"""

from dataclasses import dataclass

HOLES = "tests/streams/gate/test_holes.py::"
HOLE_F = "tests/streams/gate/test_hole_f.py::"
TROUBLES = "tests/streams/gate/test_troubles.py::"
SLOTS = "tests/streams/gate/test_slots.py::"
CLOCK = "tests/streams/gate/test_clock.py::"
GATE = "streams/gate/"


@dataclass(frozen=True, slots=True)
class Change:
    """Text of one file and what takes its place."""

    file: str
    old: str
    new: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """One cure taken out. `symptom` is a regular expression over the failing test's output."""

    name: str
    cure: str
    test: str
    symptom: str
    changes: tuple[Change, ...]


MUTANTS = (
    Mutant(
        "A-unawaited",
        "every batch's future is awaited",
        HOLES + "test_a_an_output_that_the_broker_refuses_costs_its_own_record_alone[timestamp]",
        r"silent loss: \d outputs for 9, input offset 10",
        (
            Change(
                GATE + "transaction.py",
                "answers = await asyncio.gather(*(each.answer for each in sent), return_exceptions=True)",
                "answers = [None for _ in sent]",
            ),
        ),
    ),
    Mutant(
        "A-unchecked",
        "size, timestamp and key are checked beforehand",
        HOLES + "test_a_an_output_that_would_be_refused_is_found_before_the_broker_is_asked[oversized]",
        r"aborted transactions: \d+",
        (
            Change(
                GATE + "outputs.py",
                "    topic, partition, key, value, headers, timestamp = emit\n",
                "    return len(emit.value or b'')\n",
            ),
        ),
    ),
    Mutant(
        "A-sequences",
        "sequence numbers follow the broker's",
        HOLES + "test_a_an_output_that_the_broker_refuses_costs_its_own_record_alone[timestamp]",
        r"sequence numbers ran ahead of the broker's",
        (
            Change(
                GATE + "producer.py",
                "        await self.abort_transaction()\n",
                "        await self.abort_transaction()\n        return\n",
            ),
        ),
    ),
    Mutant(
        "B-fetched-position",
        "committed() after InitProducerId, then seek()",
        HOLES + "test_b_what_the_predecessor_commits_during_the_takeover_is_not_done_again",
        r"20 outputs for 10",
        (
            Change(
                GATE + "supply.py",
                "            offset = await self._consumer.committed(tp)\n",
                "            offset = await self._consumer.position(tp)\n",
            ),
            Change(GATE + "membership.py", 'auto_offset_reset="none"', 'auto_offset_reset="earliest"'),
        ),
    ),
    Mutant(
        "C-no-generation",
        "group metadata (v3) in every offset commit",
        HOLES + "test_c_a_thawed_owner_that_fences_the_new_one_still_commits_nothing",
        r"20 outputs for 10",
        (
            Change(
                GATE + "group_commit.py",
                "    async def _do_txn_offset_commit(",
                "    async def _never_called(",
            ),
        ),
    ),
    Mutant(
        "C-fence-back",
        "a fenced producer is not made again in place",
        HOLES + "test_c_a_fenced_owner_lets_go_and_never_fences_back",
        r"the frozen owner fenced the new owner",
        (
            Change(
                GATE + "task.py",
                "        except Refused:\n            await self._bisect(taken.records)\n",
                "        except TaskLost:\n"
                "            around = self._around\n"
                "            name = f'{around.prefix}{around.stage.name}-{self.partition}'\n"
                "            self._producer = TaskProducer(around.cluster, name, around.timeouts)\n"
                "            await self._producer.start()\n"
                "            self._transactions = Transactions(\n"
                "                self._producer, around.book, around.timeouts, self.partition, around.faults\n"
                "            )\n"
                "            await self._commit(taken.records, taken.upto)\n"
                "        except Refused:\n            await self._bisect(taken.records)\n",
            ),
        ),
    ),
    Mutant(
        "D-restore-in-callback",
        "the callback only notes the assignment",
        HOLES + "test_d_a_slow_restore_does_not_cost_the_membership",
        r"endless rebalancing: \d+ assignments",
        (
            Change(
                GATE + "membership.py",
                "        self._assigned(group, assigned)\n",
                "        self._assigned(group, assigned)\n"
                "        tasks = self._assigned.__self__._tasks\n"
                "        while any(task.phase == 'restoring' for task in tasks.values()):\n"
                "            await asyncio.sleep(0.05)\n",
            ),
        ),
    ),
    Mutant(
        "E-round-robin",
        "tasks are assigned whole",
        HOLES + "test_e_all_inputs_of_a_task_have_one_owner",
        r"two owners of one state",
        (
            Change(
                GATE + "membership.py",
                "partition_assignment_strategy=(TaskAssignor(holding),)",
                "partition_assignment_strategy=(RoundRobinPartitionAssignor,)",
            ),
            Change(
                GATE + "membership.py",
                "from aiokafka.errors import KafkaError\n",
                "from aiokafka.errors import KafkaError\n"
                "from aiokafka.coordinator.assignors.roundrobin import RoundRobinPartitionAssignor\n",
            ),
        ),
    ),
    Mutant(
        "F-publisher-partition",
        "intake computes the partition itself",
        HOLE_F + "test_f_one_external_id_on_two_partitions_is_one_incident",
        r"duplicate: \d+ incidents for \d+ external ids",
        (
            Change(
                "streams/processors/intake.py",
                "        if partition != self.task:\n",
                "        if False:\n",
            ),
        ),
    ),
    Mutant(
        "G-merged-early",
        "state changes merge after the commit only",
        HOLES + "test_g_an_aborted_turn_is_done_again_in_full",
        r"loss: 0 outputs for 10",
        (
            Change(
                GATE + "task.py",
                "        if not verdict.empty:\n            await self._write(verdict, offsets, group)\n",
                "        merge(self._state, verdict.changes)\n"
                "        if not verdict.empty:\n            await self._write(verdict, offsets, group)\n",
            ),
        ),
    ),
    Mutant(
        "G-no-seek-back",
        "after an abort the inputs seek back",
        HOLES + "test_g_an_aborted_turn_is_done_again_in_full",
        r"loss: 0 outputs for 10",
        (
            Change(
                GATE + "task.py",
                "        self._supply.rewind()\n        await asyncio.wait(_either(self._parked)",
                "        await asyncio.wait(_either(self._parked)",
            ),
        ),
    ),
    Mutant(
        "H-forgotten-abort",
        "an abort after an error reaches the broker",
        HOLES + "test_h_what_was_aborted_is_not_published_by_the_next_commit",
        r"an aborted record was published",
        (
            Change(
                GATE + "producer.py",
                "        self._txn_partitions |= touched\n        self._txn_consumer_group = group\n",
                "",
            ),
        ),
    ),
    Mutant(
        "I-unreadable-name",
        "header names that are no text are mended",
        TROUBLES + "test_a_header_name_that_is_no_text_stops_nobody",
        r"a header name stopped the stage",
        (Change(GATE + "supply.py", "        except UnicodeDecodeError:\n", "        except ZeroDivisionError:\n"),),
    ),
    Mutant(
        "K-topped-up-unread",
        "what cannot be read while a turn is topped up is taken again",
        SLOTS + "test_records_that_cannot_be_read_while_topping_up_are_taken_again_by_the_next_take",
        r"lost, repeated or out of order",
        (
            Change(
                GATE + "supply.py",
                "UnicodeDecodeError):\n            self.rewind()\n            return Taken((), {})",
                "UnicodeDecodeError):\n            return Taken((), {})",
            ),
        ),
    ),
    Mutant(
        "K-topped-up-mixed",
        "what tops a turn up is put behind its own input's records",
        SLOTS + "test_what_comes_while_a_task_waits_goes_with_its_turn_each_inputs_order_kept",
        r"AssertionError",
        (
            Change(
                GATE + "supply.py",
                "[record for record in taken.records if record.topic == tp.topic] for tp",
                "[] for tp",
            ),
        ),
    ),
    Mutant(
        "J-uncommitted-state",
        "a state is restored from committed records",
        TROUBLES + "test_a_state_is_restored_with_its_deletions_and_its_aborted_turns_left_out",
        r"the state remembers an aborted turn",
        (Change(GATE + "changelog.py", 'isolation_level="read_committed"', 'isolation_level="read_uncommitted"'),),
    ),
    Mutant(
        "K-traces",
        "a dead-lettered record leaves no trace",
        TROUBLES + "test_a_bad_record_is_dead_lettered_whole_and_leaves_no_trace_in_the_state",
        r"touched by the bad one",
        (
            Change(
                GATE + "turn.py",
                "        self._overlay.undo()\n        tally = self._tallies[record.topic]\n",
                "        tally = self._tallies[record.topic]\n",
            ),
        ),
    ),
    Mutant(
        "L-tripped-past",
        "the record that trips the bound is not taken",
        TROUBLES + "test_past_the_bound_an_input_pauses_alone_and_an_operator_resumes_it",
        r"the record that tripped the bound was lost",
        (
            Change(
                GATE + "turn.py",
                "            self._pause(record, PauseReason.TOO_MANY_DEAD_LETTERS",
                "            self._verdict.offsets[record.topic] = record.offset + 1\n"
                "            self._pause(record, PauseReason.TOO_MANY_DEAD_LETTERS",
            ),
        ),
    ),
    Mutant(
        "A-sequences",
        "what was sent before a batch that could not be sent is awaited all the same",
        "tests/streams/gate/test_sequences.py::"
        "test_a_batch_taken_before_another_could_not_be_sent_is_reckoned_with_at_the_retry",
        r"silent loss: the commit said yes",
        (
            Change(
                GATE + "transaction.py",
                "        except kafka_errors.KafkaError as error:\n            return error\n        return None\n",
                "        except kafka_errors.KafkaError:\n            raise\n        return None\n",
            ),
        ),
    ),
    Mutant(
        "T-unbuilt",
        "the heap is built from the restored state",
        CLOCK + "test_after_a_stop_every_step_is_done_in_order_and_told_how_late",
        r"forgotten after a restart: 0 steps of 7",
        (
            Change(
                GATE + "timed_task.py",
                "        await super()._begin()\n        await self._build()\n",
                "        await super()._begin()\n",
            ),
        ),
    ),
    Mutant(
        "T-unfed",
        "a committed turn's changes reach the heap",
        CLOCK + "test_a_step_is_done_by_the_clock_alone_once_and_not_before_it_is_due",
        r"the clock begins no turn: \[\]",
        (
            Change(
                GATE + "timed_task.py",
                "        self._timers.committed(self._state, verdict.changes)\n",
                "",
            ),
        ),
    ),
    Mutant(
        "T-forgotten",
        "an aborted turn's timers are put back",
        CLOCK + "test_the_steps_of_an_aborted_turn_are_done_again",
        r"forgotten with its turn: \d steps of 3",
        (
            Change(
                GATE + "timed_task.py",
                "            await super()._write(verdict, offsets, group)\n"
                "        except BaseException:\n            self._timers.put_back()\n",
                "            await super()._write(verdict, offsets, group)\n        except BaseException:\n",
            ),
        ),
    ),
    Mutant(
        "T-fed-early",
        "the heap hears of changes after the commit only",
        CLOCK + "test_the_steps_of_an_aborted_turn_are_done_again",
        r"forgotten with its turn: \d steps of 3",
        (
            Change(
                GATE + "timed_task.py",
                "        try:\n            await super()._write(",
                "        self._timers.committed(self._state, verdict.changes)\n"
                "        try:\n            await super()._write(",
            ),
        ),
    ),
    Mutant(
        "T-lagging",
        "a timer waits for the inputs that lag",
        CLOCK + "test_a_step_waits_for_an_input_that_lags",
        r"judged before the facts stamped earlier",
        (
            Change(
                GATE + "horizon.py",
                "        return min([now, *upto.values()])\n",
                "        return now\n",
            ),
        ),
    ),
    Mutant(
        "T-after-all",
        "timers fire between the records in hand",
        CLOCK + "test_facts_stamped_before_a_step_are_applied_before_it_and_later_ones_after",
        r"out of order with the facts in hand",
        (
            Change(
                GATE + "timed.py",
                "(await self._fire(turn, record.timestamp - 1) and await",
                "(await",
            ),
        ),
    ),
    Mutant(
        "T-stale",
        "an entry counts only while its key's value says so",
        CLOCK + "test_a_step_that_was_moved_is_not_done_at_its_old_time",
        r"done at its old time",
        (
            Change(
                GATE + "timers.py",
                " and self.due_of(value) == due\n",
                "\n",
            ),
        ),
    ),
    Mutant(
        "T-paused",
        "a paused input does not stop the clock",
        CLOCK + "test_an_input_that_is_paused_does_not_stop_the_clock",
        r"a paused input stopped the clock",
        (
            Change(
                GATE + "supply.py",
                "if topic not in self.paused and self._held.get(topic, 0.0) <= now]\n",
                "if self._held.get(topic, 0.0) <= now]\n",
            ),
        ),
    ),
    Mutant(
        "T-restless",
        "a timer that failed rests",
        CLOCK + "test_a_step_that_fails_is_tried_again_later_and_others_go_on",
        r"tried \d+ times at once",
        (
            Change(
                GATE + "timers.py",
                "        heappush(self._wakes, (now_s + delay_s, key))\n",
                "        heappush(self._wakes, (now_s, key))\n",
            ),
        ),
    ),
    Mutant(
        "T-no-generation",
        "a turn of the clock commits its inputs' offsets, unmoved",
        CLOCK + "test_a_thawed_owner_that_fences_the_new_one_still_commits_no_step",
        r"2 steps for 1",
        (
            Change(
                GATE + "timed_task.py",
                "        return offsets or ({} if verdict.empty else self._known())\n",
                "        return offsets\n",
            ),
        ),
    ),
    Mutant(
        "T-unbounded-wait",
        "waiting for records ends when a timer is due",
        CLOCK + "test_waiting_for_records_ends_when_a_step_falls_due",
        r"waited for records while a step was due: \d+ ms late",
        (
            Change(
                GATE + "timed_task.py",
                "        return most if due is None else max(min(due - self._around.clock.now_ms(), most), 0)\n",
                "        return most\n",
            ),
        ),
    ),
    Mutant(
        "T-unblamed",
        "a refused turn is cut down to the timer at fault",
        CLOCK + "test_outputs_of_a_step_that_the_broker_refuses_cost_that_step_alone",
        r"one step's fault cost others",
        (
            Change(
                GATE + "timed_task.py",
                "            self._most = len(self._events) // 2\n",
                "",
            ),
        ),
    ),
)
