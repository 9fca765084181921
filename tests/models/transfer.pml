// The transfer between two accounts: its record's number is put into the lower account's word, then
// into the higher one's; one step decides; then both words are replaced. Whoever meets it helps.
// Every interleaving of the scenario below is explored; atomic and d_step hold one access to shared
// memory each, plus what is local or ghost. Only where a record's fields are written or copied does
// one step stand for several: for all that is written down of one account.
//
// The protocol and its variants that are to be refuted are in transfer_protocol.pml, who makes a
// transfer in transfer_mover.pml. Here are those whom it meets, who watches, and the scenarios.
//
// Scenarios (one of)   OPPOSITE  A to B beside B to A
//                      DEPOSIT   A to B by one thread, beside a deposit to each
//                      REUSE     two threads that do A to B, beside a deposit to each. With one
//                                record it is used again for the state that a transfer has just
//                                given back, while a helper of that transfer sleeps
//                      CHAIN     A to B beside B to C
//                      READER    A to B, a deposit to B, and a thread that reads A, then B, then A
//                      LATE      A to B beside B to C, and deposits to A and C
//                      CUT       transfers beside a consistent cut
// Bounds               RECORDS, the pool; ROUNDS, the transfers of each thread;
//                      ATTEMPTS, after which a transfer gives up (0: never)
// To see progress      PATIENT, a thread that needs a record waits for one that it will get, rather
//                      than busily
#ifndef RECORDS
#define RECORDS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 0
#endif
#ifdef READER
#define VERSIONED
#define PATIENT  // one that waits busily counts versions without end
#endif

#include "transfer_words.pml"
#include "transfer_protocol.pml"
#include "transfer_mover.pml"

proctype depositor(byte account; byte amount) {
    HELPER_LOCALS;
again:
    x = word[account];
    if
    :: HOLDER(x) != 0 -> settle(account, x); goto again
    :: else
    fi;
#ifdef CUT
    save(account, x);
    if
    :: e == 0 -> x = 0; goto again
    :: else
    fi;
#define NEW_TAG e
#else
#define NEW_TAG TAG(x)
#endif
    atomic {
        if
        :: word[account] != x -> x = 0; goto again
        :: else ->
            word[account] = POSTED(x, amount, NEW_TAG);
            RECORD(account, word[account]);
            total = total + amount;
            reported_balance[account] = reported_balance[account] + amount;
            reported_sequence[account]++;
            x = 0
        fi
    };
    atomic { account = 0; amount = 0; running-- }
}

#ifdef READER
proctype reader() {
    short first, value, desired;
    byte account, phase, version, earliest, reads;
    byte latest[ACCOUNTS];
again:
    if
    :: reads == 3 -> goto done
    :: else
    fi;
    atomic {
        account = (reads == 1 -> B : A);
        first = word[account];
        earliest = SEQUENCE(LOGICAL(account));
        value = PLAIN(first)
    };
    if
    :: HOLDER(first) != 0 ->
        atomic { phase = pool[HOLDER(first)].phase; version = pool[HOLDER(first)].version };
        if
        :: LEG_IS(HOLDER(first), 0, account, first) ->
            desired = DESIRED(pool[HOLDER(first)].about, 0)
        :: else
        fi;
        if
        :: LEG_IS(HOLDER(first), 1, account, first) ->
            desired = DESIRED(pool[HOLDER(first)].about, 1)
        :: else
        fi;
        atomic {
            if
            :: phase != pool[HOLDER(first)].phase || version != pool[HOLDER(first)].version ->
                version = 255
            :: else -> value = (desired != 0 && phase == COMMITTED -> desired : value)
            fi
        };
        atomic {
            if
            :: version == 255 || word[account] != first -> goto forget
            :: else
            fi
        }
    :: else
    fi;
    atomic {
        // A state the account had while it was read, and none from before the last one seen.
        assert(SEQUENCE(value) >= latest[account]);
        assert(balance_at[account * 8 + SEQUENCE(value)] == BALANCE(value) + 1);
        assert(SEQUENCE(value) >= earliest);
        latest[account] = SEQUENCE(value);
        reads++
    };
forget:
    atomic { first = 0; value = 0; desired = 0; phase = 0; version = 0; earliest = 0; goto again };
done:
    atomic { latest[A] = 0; latest[B] = 0; reads = 0; account = 0; running-- }
}
#endif

#ifdef CUT
proctype cutter() {
    HELPER_LOCALS;
    byte account, cut_total;
    bool forwards;
    epoch++;
    if
    :: forwards = true
    :: account = ACCOUNTS - 1
    fi;
again:
    if
    :: account >= ACCOUNTS -> goto done
    :: else
    fi;
    x = word[account];
    if
    :: TAG(x) == epoch ->
        atomic { x = before[account]; assert(TAG(x) == epoch) }
    :: TAG(x) != epoch && HOLDER(x) != 0 -> settle(account, x); goto again
    :: else ->
        atomic {
            if
            :: word[account] != x -> x = 0; goto again
            :: else -> word[account] = RETAG(x, epoch)
            fi
        }
    fi;
    atomic {
        cut_total = cut_total + BALANCE(x);
        x = 0;
        account = (forwards -> account + 1 : account - 1);
        goto again
    };
done:
    atomic {
        assert(cut_total == total);
        account = 0; forwards = false; cut_total = 0; running--
    }
}
#endif

#if ACCOUNTS > 2
#define SUM (BALANCE(LOGICAL(A)) + BALANCE(LOGICAL(B)) + BALANCE(LOGICAL(C)))
#else
#define SUM (BALANCE(LOGICAL(A)) + BALANCE(LOGICAL(B)))
#endif

#define AS_REPORTED(where)                                                   \
    assert(BALANCE(word[where]) == reported_balance[where]);                 \
    assert(SEQUENCE(word[where]) == reported_sequence[where]);               \
    assert(HOLDER(word[where]) == 0)

// Looks at every moment: takes a step only if something is wrong, or when all are done.
proctype monitor() {
    if
    :: atomic { SUM != total -> assert(false) }
#ifndef OUTCOME_ONLY
    :: atomic { !IN_ORDER(A) || !IN_ORDER(B) || !IN_ORDER(LAST) -> assert(false) }
#endif
    :: atomic {
           running == 0 ->
           assert(SUM == total);
           AS_REPORTED(A);
           AS_REPORTED(B)
#if ACCOUNTS > 2
           ;
           AS_REPORTED(C)
#endif
       }
    fi
}

#define OPEN(where)                                                          \
    word[where] = WORD(4, 1, epoch);                                         \
    RECORD(where, word[where]);                                              \
    reported_balance[where] = 4;                                             \
    reported_sequence[where] = 1;                                            \
    total = total + 4

#define RUN(what) run what; running++

init {
    atomic {
        OPEN(A);
        OPEN(B);
#if ACCOUNTS > 2
        OPEN(C);
#endif
#if defined(OPPOSITE) || defined(CUT)
        RUN(mover(A, B, 1));
#ifdef UNORDERED
        RUN(mover(B, A, 2));
#else
        RUN(mover(A, B, -2));
#endif
#endif
#if defined(DEPOSIT) || defined(READER)
        RUN(mover(A, B, 1));
        RUN(depositor(B, 2));
#endif
#ifdef REUSE
        RUN(mover(A, B, 1));
        RUN(mover(A, B, -2));
        RUN(depositor(B, 2));
#endif
#if defined(DEPOSIT) || defined(REUSE)
        RUN(depositor(A, 1));
#endif
#if defined(CHAIN) || defined(LATE)
        RUN(mover(A, B, 1));
        RUN(mover(B, C, 2));
#endif
#ifdef LATE
        RUN(depositor(A, 2));
        RUN(depositor(C, 1));
#endif
#ifdef READER
        RUN(reader());
#endif
#ifdef CUT
        RUN(cutter());
#endif
        run monitor()
    }
}
