// A transaction over three accounts: a record's number is put into the accounts' words, in the
// order of their numbers; one status decides; then all words are replaced. Code that meets a
// reserved account completes the transaction first. Every interleaving of the scenario is explored;
// atomic holds one access to shared memory, plus what is local, ghost, or the same as long as the
// record is published or pinned. The protocol and its variants are in transaction_protocol.pml.
//
// Scenarios (one of)   OPPOSITE  A, B, C beside B, C in the other direction
//                      LATE      A, B, C beside deposits to A and C: who deposits to A helps, who
//                                deposits to C gets the transaction aborted
//                      REUSE     LATE, and a transaction over B and C with the same record
//                      MET_LATE  LATE, and a deposit to B, which meets a late reservation
//                      READER    LATE, and a thread that reads B
// Bounds               RECORDS, the pool; ATTEMPTS, after which a transaction gives up (0: never)
// To see progress      PATIENT, a thread that needs a record waits for one that it will get
#define ACCOUNTS 3
#define LEGS 3
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 1
#endif
#if ATTEMPTS
#define GIVES_UP ATTEMPTS
#define COUNT_ATTEMPT attempt++
#else
#define GIVES_UP 1
#define COUNT_ATTEMPT skip
#endif
#ifdef READER
#define VERSIONED
#define PATIENT  // one that waits busily counts versions without end
#endif

#include "transaction_words.pml"
#include "transaction_protocol.pml"

#define POSTED(word, change) WORD(VALUE(word) + (change), 0, SEQUENCE(word) + 1, TAG(word), 0)

#define LOAD_LEG(leg, where)                                                   \
    x = word[where];                                                           \
    if                                                                         \
    :: RECORD_IN(x) != 0 -> settle(where, x); goto again                       \
    :: else -> atomic { state[leg] = x; x = 0 }                                \
    fi

proctype mover(byte legs; byte first; short gain0; short gain1; short gain2) {
    HELPER_LOCALS;
    short state[3];
    byte own, attempt;
again:
    atomic { state[0] = 0; state[1] = 0; state[2] = 0 };
    if
    :: attempt == GIVES_UP -> goto done
    :: else
    fi;
    LOAD_LEG(0, first);
    LOAD_LEG(1, first + 1);
    if
    :: legs > 2 -> LOAD_LEG(2, first + 2)
    :: else
    fi;
    claim(own);
    atomic {                                                 // nobody looks before the next step
        COUNT_ATTEMPT;
        pool[own].legs = legs;
        pool[own].account[0] = first;
        pool[own].expected[0] = state[0];
        pool[own].posted[0] = POSTED(state[0], gain0)
    };
    atomic {
        pool[own].account[1] = first + 1;
        pool[own].expected[1] = state[1];
        pool[own].posted[1] = POSTED(state[1], gain1);
        if
        :: legs > 2 ->
            pool[own].account[2] = first + 2;
            pool[own].expected[2] = state[2];
            pool[own].posted[2] = POSTED(state[2], gain2)
        :: else
        fi;
        state[0] = 0; state[1] = 0; state[2] = 0
    };
    pool[own].phase = UNDECIDED;
    carry_out(own);
    atomic {                                                 // report, and give the record back
        if
        :: pool[own].phase == COMMITTED ->
            reported[first]++;
            reported[first + 1]++;
            if
            :: legs > 2 -> reported[first + 2]++
            :: else
            fi;
            attempt = GIVES_UP
        :: else
        fi;
        pool[own].phase = IDLE;
        own = 0;
        goto again
    };
done:
    atomic { attempt = 0; running-- }
}

proctype depositor(byte account; byte amount) {
    HELPER_LOCALS;
again:
    x = word[account];
    if
    :: RECORD_IN(x) != 0 -> settle(account, x); goto again
    :: else
    fi;
    atomic {
        if
        :: word[account] != x -> x = 0; goto again
        :: else ->
            word[account] = POSTED(x, amount);
            NOTE(account, word[account]);
            total = total + amount;
            reported[account]++;
            x = 0
        fi
    };
    atomic { account = 0; amount = 0; running-- }
}

#ifdef READER
#define DESIRED_IN(d, leg, where, what)                                        \
    if                                                                         \
    :: LEG_IS(d, leg, where, what) -> desired = pool[d].posted[leg]            \
    :: else                                                                    \
    fi

// Reads without helping, nor pinning.
proctype reader() {
    short first, value, desired;
    byte phase, version, earliest, reads, latest;
again:
    atomic { first = 0; value = 0; desired = 0; phase = 0; version = 0; earliest = 0 };
    if
    :: reads == 2 -> goto done
    :: else
    fi;
    atomic { first = word[B]; earliest = SEQUENCE(NOW(B)); value = PLAIN(first) };
    if
    :: RECORD_IN(first) != 0 ->
        atomic { phase = pool[RECORD_IN(first)].phase; version = pool[RECORD_IN(first)].version };
        atomic { DESIRED_IN(RECORD_IN(first), 0, B, first) };
        atomic { DESIRED_IN(RECORD_IN(first), 1, B, first) };
        atomic {
            if
            :: phase != pool[RECORD_IN(first)].phase ||
               version != pool[RECORD_IN(first)].version -> goto again
            :: else -> value = (desired != 0 && phase == COMMITTED -> desired : value)
            fi
        };
        if
        :: word[B] != first -> goto again
        :: else
        fi
    :: else
    fi;
    atomic {
        // A state the account had while it was read, and none from before the last one seen.
        assert(SEQUENCE(value) >= latest);
        assert(value_at[B * 8 + SEQUENCE(value)] == VALUE(value) + 1);
        assert(SEQUENCE(value) >= earliest);
        latest = SEQUENCE(value);
        reads++;
        goto again
    };
done:
    atomic { latest = 0; reads = 0; running-- }
}
#endif

#define SUM (VALUE(NOW(A)) + VALUE(NOW(B)) + VALUE(NOW(C)))
#define AS_REPORTED(where)                                                     \
    assert(SEQUENCE(word[where]) == reported[where]);                          \
    assert(RECORD_IN(word[where]) == 0)

// Looks at every moment: takes a step only if something is wrong, or when all are done.
proctype monitor() {
    if
    :: atomic { SUM != total -> assert(false) }
    :: atomic {
           running == 0 ->
           assert(SUM == total);
           AS_REPORTED(A);
           AS_REPORTED(B);
           AS_REPORTED(C)
       }
    fi
}

#define OPEN(where)                                                            \
    word[where] = WORD(4, 0, 1, 1, 0);                                         \
    NOTE(where, word[where]);                                                  \
    reported[where] = 1;                                                       \
    total = total + 4
#define RUN(what) run what; running++

init {
    atomic {
        OPEN(A);
        OPEN(B);
        OPEN(C);
        RUN(mover(3, A, -3, 1, 2));
#ifdef OPPOSITE
        RUN(mover(2, B, 1, -1, 0));
#endif
#if defined(LATE) || defined(REUSE) || defined(MET_LATE) || defined(READER)
        RUN(depositor(A, 1));
        RUN(depositor(C, 2));
#endif
#ifdef REUSE
        RUN(mover(2, B, 1, -1, 0));
#endif
#ifdef MET_LATE
        RUN(depositor(B, 1));
#endif
#ifdef READER
        RUN(reader());
#endif
        run monitor()
    }
}
