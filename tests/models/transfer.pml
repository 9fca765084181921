// The transfer between two accounts: a descriptor is installed in the lower account, then in the
// higher; one step decides; then both words are replaced. Whoever meets it helps. Every
// interleaving of the scenario below is explored; atomic and d_step hold one access to shared
// memory each, plus what is local or ghost.
//
// Scenarios (one of)   OPPOSITE  A to B beside B to A
//                      DEPOSIT   A to B by one thread, beside a deposit to each
//                      CHAIN     A to B beside B to C
//                      READER    A to B, a deposit to B, and a thread that reads A, then B, then A
//                      LATE      A to B beside B to C, and deposits to A and C
//                      STALE     READER with a transfer from A to C, from a state that LATE with
//                                LEAVE_LATE reaches: a reference to an idle descriptor at B
//                      CUT       transfers beside a consistent cut
// Bounds               DESCRIPTORS, the pool; ROUNDS, the transfers of each thread;
//                      ATTEMPTS, after which a transfer gives up (0: never)
// Variants to refute   DECIDE_TWICE   the decision is a plain write
//                      LOWER_ONLY     commits when the lower leg was seen installed
//                      REUSE_PINNED   pins are ignored; CLAIM_PINNED, PUBLISH_PINNED: by one step
//                      LEAVE_LATE     a helper that finds its descriptor idle undoes nothing
//                      NO_MATCH       a reference is taken for a leg of whatever is described now
// Right as well        NO_REREAD      a helper does not look at the word again after pinning
//
// Why an idle descriptor is undone like an aborted one. A helper may install a leg of an aborted
// transfer whose owner has already gone idle and given up. Left there (LEAVE_LATE) the reference
// reads as the old state and whoever meets it removes it; but it may stay for ever, and if it does
// the match below is all that keeps readers from another transfer's balance. Undone, it never
// outlives its helper's pin.
//
// Which steps back one another up. NO_REREAD alone is right: no state comes back after a posting,
// so a word that has moved on matches no live descriptor, and a replacement of it fails. Publishing
// over a pin (PUBLISH_PINNED) is refuted only together with NO_REREAD or LEAVE_LATE, NO_MATCH only
// where a reference was left. All of them are cheap: keep them all.
//
// A foreign reference. Code that meets one while it takes an account in hand settles that transfer
// and looks again. Here somebody else does (of the threads there are), or the transfer is aborted:
// either is safe. Only the first is lock-free.
//
// Progress. No schedule lets two transfers (OPPOSITE, CHAIN), or a transfer and deposits (DEPOSIT),
// run for ever without finishing one. LATE has such a schedule with ABORT_ON_FOREIGN: of two
// transfers that share an account each is aborted, again and again, by a helper that slept since it
// saw the other's reference there.
#ifdef REUSE_PINNED
#define CLAIM_PINNED
#define PUBLISH_PINNED
#endif
#ifndef DESCRIPTORS
#define DESCRIPTORS 2
#endif
#ifndef ROUNDS
#define ROUNDS 1
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 0
#endif

// A word: balance (4 bits), sequence (3 bits), tag (2 bits), reference (2 bits, 0: none).
#define WORD(balance, sequence, tag) (((balance) << 7) | ((sequence) << 4) | ((tag) << 2))
#define BALANCE(word) ((word) >> 7)
#define SEQUENCE(word) (((word) >> 4) & 7)
#define TAG(word) (((word) >> 2) & 3)
#define REFERENCE(word) ((word) & 3)
#define PLAIN(word) ((word) & ~3)
#define RETAG(word, tag) (((word) & ~15) | ((tag) << 2))
#define POSTED(word, change, tag) WORD(BALANCE(word) + (change), SEQUENCE(word) + 1, tag)

#if defined(STALE)
#define READER
#endif
#if defined(CHAIN) || defined(LATE) || defined(STALE)
#define ACCOUNTS 3
#else
#define ACCOUNTS 2
#endif
#define A 0
#define B 1
#define C 2

// Phases, in this order.
#define IDLE 0
#define PREPARING 1
#define UNDECIDED 2
#define COMMITTED 3
#define ABORTED 4

short word[ACCOUNTS];

// version, pins and phase are one status word: each step below that names two of them is one
// access. Versions are told apart only where no pin holds them still.
typedef descriptor {
    byte version;
    byte pins;
    byte phase;
    byte account[2];
    short expected[2];
    short desired[2];
};
descriptor pool[DESCRIPTORS + 1];  // pool[0] stays unused

#ifdef CUT
byte epoch = 1;
short before[ACCOUNTS];
#else
#define epoch 1
#endif

#if defined(READER) || defined(CLAIM_PINNED) || defined(PUBLISH_PINNED)
#define VERSIONED
#endif

// Ghosts: what was reported, and what each sequence stood for.
byte reported_balance[ACCOUNTS];
byte reported_sequence[ACCOUNTS];
byte balance_at[24];
byte total;
byte running;

// Each sequence is made once.
#define RECORD(where, what)                                               \
    assert(balance_at[(where) * 8 + SEQUENCE(what)] == 0);                \
    balance_at[(where) * 8 + SEQUENCE(what)] = BALANCE(what) + 1

#ifdef NO_MATCH
#define LEG_IS(d, leg, where, what) ((pool[d].account[0] != (where)) == (leg))
#else
#define LEG_IS(d, leg, where, what) \
    (pool[d].account[leg] == (where) && pool[d].expected[leg] == PLAIN(what))
#endif

#define TAKEN(d, leg, where)                                         \
    (pool[d].phase == COMMITTED && pool[d].account[leg] == (where) && \
     pool[d].expected[leg] == PLAIN(word[where]))
// The value an account has at this moment.
#define LOGICAL(where)                                                            \
    (TAKEN(REFERENCE(word[where]), 0, where) -> pool[REFERENCE(word[where])].desired[0] : \
    (TAKEN(REFERENCE(word[where]), 1, where) -> pool[REFERENCE(word[where])].desired[1] : \
     PLAIN(word[where])))

// help(d), by its owner or under a pin. Uses k, w and version.
inline help(d) {
    k = 0;
    do
    :: k < 2 ->
        if
        :: pool[d].phase != UNDECIDED || pool[d].version != version -> break
        :: else
        fi;
        w = word[pool[d].account[k]];
        if
        :: w == (pool[d].expected[k] | d) -> k++             // installed: the next leg
#ifdef LOWER_ONLY
            ; k = 2
#endif
        :: w == pool[d].expected[k] ->                       // install, and look again
            atomic {
                if
                :: word[pool[d].account[k]] == w -> word[pool[d].account[k]] = w | d
                :: else
                fi;
                w = 0
            }
#ifndef ABORT_ON_FOREIGN
        :: REFERENCE(w) != 0 && REFERENCE(w) != d ->         // foreign: once it is settled, look again
            atomic { word[pool[d].account[k]] != w -> w = 0 }
#endif
#ifndef WAIT_ON_FOREIGN
        :: else ->                                           // moved on, or a foreign reference
#else
        :: w != pool[d].expected[k] && w != (pool[d].expected[k] | d) &&
           (REFERENCE(w) == 0 || REFERENCE(w) == d) ->       // moved on
#endif
            atomic {
                w = 0;
#ifdef DECIDE_TWICE
                pool[d].phase = ABORTED;
#else
                if
                :: pool[d].phase == UNDECIDED && pool[d].version == version ->
                    pool[d].phase = ABORTED
                :: else
                fi;
#endif
                break
            }
        fi
    :: else ->
        atomic {                                             // both were seen installed: commit
            w = 0;
            if
#ifdef DECIDE_TWICE
            :: true ->
                pool[d].phase = COMMITTED
#else
            :: pool[d].phase == UNDECIDED && pool[d].version == version ->
                pool[d].phase = COMMITTED;
                RECORD(pool[d].account[0], pool[d].desired[0]);
                RECORD(pool[d].account[1], pool[d].desired[1])
            :: else
#endif
            fi;
            break
        }
    od;
    atomic { k = (pool[d].version == version -> pool[d].phase : IDLE); w = 0 };
    if
    :: k == COMMITTED -> replace(d, 0, pool[d].desired[0]); replace(d, 1, pool[d].desired[1])
#ifdef LEAVE_LATE
    :: k == ABORTED ->
#else
    :: k == ABORTED || k == IDLE ->                          // idle: perhaps we installed too late
#endif
        replace(d, 0, pool[d].expected[0]);
        replace(d, 1, pool[d].expected[1])
    :: else
    fi;
    k = 0
}

inline replace(d, leg, desired_word) {
    atomic {
        if
        :: word[pool[d].account[leg]] == (pool[d].expected[leg] | d) ->
            word[pool[d].account[leg]] = desired_word
        :: else
        fi
    }
}

// Met a reference in `seen`, the word of account `where`.
inline resolve(where, seen) {
    pool[REFERENCE(seen)].pins++;                            // pin
    if
#ifndef NO_REREAD
    :: word[where] != seen -> skip                           // no longer there
#endif
    :: else ->
        atomic {
            k = pool[REFERENCE(seen)].phase;
            version = pool[REFERENCE(seen)].version
        };
        if
        :: k >= UNDECIDED && (LEG_IS(REFERENCE(seen), 0, where, seen) ||
                              LEG_IS(REFERENCE(seen), 1, where, seen)) ->
            d_step { own = REFERENCE(seen); k = 0 };
            help(own);
            own = 0
        :: else ->                                           // of a transfer that is over
            atomic {
                k = 0;
                if
                :: word[where] == seen -> word[where] = PLAIN(seen)
                :: else
                fi
            }
        fi
    fi;
    atomic { pool[REFERENCE(seen)].pins--; seen = 0; version = 0 }        // unpin
}

#ifdef CUT
// The cut's first steps of a posting (see cut.pml): save the old state, unless it has been.
// Leaves e the epoch, or 0: start again.
inline save(where, seen) {
    e = epoch;
    if
    :: TAG(seen) == e -> skip
    :: else ->
        k2 = before[where];
        if
        :: k2 == RETAG(seen, e) -> skip
        :: else ->
            if
            :: word[where] != seen || epoch != e -> e = 0
            :: else ->
                atomic {
                    if
                    :: before[where] == k2 -> before[where] = RETAG(seen, e)
                    :: else -> e = 0
                    fi
                }
            fi
        fi;
        k2 = 0
    fi
}

// Moves an account to the writer's epoch without a posting.
inline move(where, seen) {
    save(where, seen);
    atomic {
        if
        :: e != 0 && word[where] == seen -> word[where] = RETAG(seen, e)
        :: else
        fi;
        e = 0
    }
}
#endif

#ifdef CLAIM_PINNED
#define CLAIMABLE(d) (pool[d].phase == IDLE)
#else
#define CLAIMABLE(d) (pool[d].phase == IDLE && pool[d].pins == 0)
#endif

proctype mover(byte lower; byte higher; short change) {
    short x, y, w;
    byte k, own, version, round, attempt;
#ifdef CUT
    byte e;
    short k2;
#endif
again:
    if
    :: round == ROUNDS -> goto done
#if ATTEMPTS
    :: attempt == ATTEMPTS -> goto done
#endif
    :: else
    fi;
    x = word[lower];
    if
    :: REFERENCE(x) -> resolve(lower, x); goto again
    :: else
    fi;
    y = word[higher];
    if
    :: REFERENCE(y) -> x = 0; resolve(higher, y); goto again
    :: else
    fi;
#ifdef CUT
    e = epoch;
    if
    :: TAG(x) != e -> y = 0; move(lower, x); x = 0; goto again
    :: TAG(x) == e && TAG(y) != e -> x = 0; move(higher, y); y = 0; goto again
    :: else -> e = 0
    fi;
#endif
    atomic {                                                 // claim
        if
        :: CLAIMABLE(1) -> own = 1
#if DESCRIPTORS > 1
        :: CLAIMABLE(2) -> own = 2
#endif
#if DESCRIPTORS > 2
        :: CLAIMABLE(3) -> own = 3
#endif
        fi;
        pool[own].phase = PREPARING;
#ifdef VERSIONED
        pool[own].version++;
        version = pool[own].version;
#endif
#if ATTEMPTS
        attempt++
#endif
    };
    d_step {                                                 // the fields
        pool[own].account[0] = lower;
        pool[own].expected[0] = x;
        pool[own].desired[0] = POSTED(x, -change, TAG(x));
        x = 0
    };
    d_step {
        pool[own].account[1] = higher;
        pool[own].expected[1] = y;
        pool[own].desired[1] = POSTED(y, change, TAG(y));
        y = 0
    };
    atomic {                                                 // publish
        if
#ifndef PUBLISH_PINNED
        :: pool[own].pins != 0 -> pool[own].phase = IDLE; own = 0; version = 0; goto again
#endif
        :: else -> pool[own].phase = UNDECIDED
        fi
    };
    help(own);
    atomic {                                                 // report, and give it back
        if
        :: pool[own].phase == COMMITTED ->
            reported_balance[lower] = reported_balance[lower] - change;
            reported_balance[higher] = reported_balance[higher] + change;
            reported_sequence[lower]++;
            reported_sequence[higher]++;
            round++;
            attempt = 0
        :: else
        fi;
        pool[own].phase = IDLE;
        own = 0; version = 0;
        goto again
    };
done:
    atomic { round = 0; attempt = 0; running-- }
}

proctype depositor(byte account; byte amount) {
    short x, w;
    byte k, own, version;
#ifdef CUT
    byte e;
    short k2;
#endif
again:
    x = word[account];
    if
    :: REFERENCE(x) -> resolve(account, x); goto again
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
    :: REFERENCE(first) ->
        atomic { phase = pool[REFERENCE(first)].phase; version = pool[REFERENCE(first)].version };
        if
        :: LEG_IS(REFERENCE(first), 0, account, first) ->
            desired = pool[REFERENCE(first)].desired[0]
        :: else
        fi;
        if
        :: LEG_IS(REFERENCE(first), 1, account, first) ->
            desired = pool[REFERENCE(first)].desired[1]
        :: else
        fi;
        atomic {
            if
            :: phase != pool[REFERENCE(first)].phase || version != pool[REFERENCE(first)].version ->
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
    short x, w;
    byte k, own, version, account, cut_total;
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
    :: REFERENCE(x) -> resolve(account, x); goto again
    :: !REFERENCE(x) && TAG(x) == epoch ->
        atomic { x = before[account]; assert(TAG(x) == epoch) }
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
    assert(REFERENCE(word[where]) == 0)

// Looks at every moment: takes a step only if money is made or lost, or when all are done.
proctype monitor() {
    if
    :: atomic { SUM != total -> assert(false) }
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
        RUN(mover(A, B, -2));
#endif
#ifdef STALE
        word[B] = word[B] | 1;
        RUN(mover(A, C, 1));
        RUN(depositor(B, 2));
#elif defined(DEPOSIT) || defined(READER)
        RUN(mover(A, B, 1));
        RUN(depositor(B, 2));
#endif
#ifdef DEPOSIT
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
