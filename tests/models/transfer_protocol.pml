// The protocol of the transfer: how a descriptor is claimed, published and helped to its end, and
// what its status and its pins are for. Part of transfer.pml.
//
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
// LEG_IS is all that keeps readers from another transfer's balance. Undone, it never outlives its
// helper's pin.
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
        :: REFERENCE(w) != 0 && REFERENCE(w) != d ->         // foreign: once settled, look again
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
