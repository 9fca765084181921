// The protocol of a transaction: how its record is claimed, how its accounts are reserved, how it
// is decided and completed. Part of transaction.pml and hold.pml.
//
// Variants to refute   NO_TAKE_BACK     a helper that finds the transaction decided leaves it
//                                       alone, also what it has reserved itself, too late
//                      REUSE_PINNED     pins are ignored
//                      NO_REREAD        a helper does not look at the word again after pinning
//                      COMMIT_EARLY     a helper commits before the last account is reserved
//                      PROTECTED_AFTER  protected words are changed after the account's word
// Not true either      NEVER_LATE       no account is reserved for a transaction that is over
//
// With OUTCOME_ONLY a variant is refuted only by what a user would find: money made or lost, a
// sequence made twice, a state that never was.
//
// Only the owner reserves the first account, once. A helper begins with the second: when it pinned
// the record an account was reserved, so the first one was. An account in the middle may be
// reserved too late: a helper sleeps before its compare-and-swap, the transaction is aborted for a
// later account and gives the expected state back, and the helper continues. So after each
// reservation it looks at the status, and takes back what it reserved for a transaction that is
// over. Meanwhile the record stays what it is, since the helper has it pinned, and whoever meets
// the reservation restores the expected state too. The last account is never reserved too late: the
// transaction was then aborted for that account's state, which does not come back.
#ifdef OUTCOME_ONLY
#define INVARIANT(what) skip
#else
#define INVARIANT(what) assert(what)
#endif

#define OVER 6  /* for a leg: there is none to reserve any more */
#define NOT_EXPECTED 1  /* instead of a word: what none is */

#ifdef PATIENT
#define CLAIMABLE(d) (pool[d].phase == IDLE && pool[d].pins == 0)
#else
#define CLAIMABLE(d) (pool[d].phase == IDLE)
#endif
#ifdef VERSIONED
#define NEXT_VERSION(d) pool[d].version++
#else
#define NEXT_VERSION(d) skip
#endif

// Leaves `own` a record of the caller's.
inline claim(own) {
    do
    :: atomic {
           if
           :: CLAIMABLE(1) -> own = 1
#if RECORDS > 1
           :: !CLAIMABLE(1) && CLAIMABLE(2) -> own = 2
#endif
#if RECORDS > 2
           :: !CLAIMABLE(1) && !CLAIMABLE(2) && CLAIMABLE(3) -> own = 3
#endif
           fi;
           pool[own].phase = PREPARING;
           NEXT_VERSION(own)
       };
#ifdef REUSE_PINNED
       break
#else
       if
       :: pool[own].pins == 0 -> break
       :: else -> atomic { pool[own].phase = IDLE; own = 0 }
       fi
#endif
    od
}

#if LEGS > 2
#define NOTE_THIRD(d)                                                          \
    if                                                                         \
    :: pool[d].legs > 2 -> NOTE(pool[d].account[2], pool[d].posted[2])         \
    :: else                                                                    \
    fi
#else
#define NOTE_THIRD(d) skip
#endif

inline decide(d, outcome) {
    atomic {
        if
        :: pool[d].phase == UNDECIDED ->
            INVARIANT(HAS_ALL(d) == (outcome == COMMITTED));
            pool[d].phase = outcome;
            if
            :: outcome == COMMITTED ->
                NOTE(pool[d].account[0], pool[d].posted[0]);
                NOTE(pool[d].account[LEGS > 1], pool[d].posted[LEGS > 1]);
                NOTE_THIRD(d)
#ifdef COMMIT_HOLD
                ;
                COMMIT_HOLD(d)
#endif
            :: else
            fi
        :: else
        fi
    }
}

#ifdef NEVER_LATE
#define MAY_BE_LATE(d, leg) false
#else
#define MAY_BE_LATE(d, leg) (leg != 0 && leg != pool[d].legs - 1)
#endif

// One attempt to reserve `leg`, by the owner or under a pin. Leaves `leg` the next one or OVER, and
// w the word of another transaction that is in the way, or 0.
inline take(d, leg, at, from, w) {
    atomic {
        if
        :: pool[d].phase != UNDECIDED -> leg = OVER
        :: else -> at = pool[d].account[leg]; from = pool[d].expected[leg]
        fi
    };
    if
    :: leg == OVER
    :: else ->
        atomic {
            if
            :: word[at] == from ->
                INVARIANT(pool[d].phase == UNDECIDED || MAY_BE_LATE(d, leg));
                INVARIANT(pool[d].expected[leg] == from);
                word[at] = from | d;
                leg++
            :: else -> w = NOT_EXPECTED
            fi
        };
        if
        :: w == NOT_EXPECTED ->
            w = word[at];
            if
            :: w == (from | d) -> atomic { w = 0; leg++ }
            :: w == from -> w = 0                                // it was given back: again
            :: RECORD_IN(w) != 0 && w != (from | d) -> skip
            :: RECORD_IN(w) == 0 && w != from -> atomic { w = 0; decide(d, ABORTED) }
            fi
        :: else
        fi;
        atomic { at = 0; from = 0 }
    fi
}

#define REPLACE_WORD(d, leg, outcome)                                          \
    atomic {                                                                   \
        if                                                                     \
        :: pool[d].legs > leg &&                                               \
           word[pool[d].account[leg]] == (pool[d].expected[leg] | d) ->        \
            INVARIANT(pool[d].phase != UNDECIDED);                             \
            INVARIANT((pool[d].phase == COMMITTED) == (outcome == COMMITTED)); \
            word[pool[d].account[leg]] =                                       \
                (outcome == COMMITTED -> pool[d].posted[leg] : pool[d].expected[leg]) \
        :: else                                                                \
        fi                                                                     \
    }

#ifdef HOLDS
// Changes what the accounts protect. Late, it finds other states there.
inline change_protected(d) {
    if
    :: pool[d].guard != NO_LEG ->
        atomic {
            if
            :: held[pool[d].account[pool[d].guard]] == pool[d].held_expected ->
                held[pool[d].account[pool[d].guard]] = pool[d].held_posted
            :: else
            fi
        };
        atomic {
            if
            :: hold == pool[d].hold_expected -> hold = pool[d].hold_posted
            :: else
            fi
        }
    :: else
    fi
}
#endif

// Completes what is decided. Uses `leg` for what was decided.
inline finish(d, leg) {
    leg = pool[d].phase;
#if defined(HOLDS) && !defined(PROTECTED_AFTER)
    if
    :: leg == COMMITTED -> change_protected(d)
    :: else
    fi;
#endif
    REPLACE_WORD(d, 0, leg);
#if LEGS > 1
    REPLACE_WORD(d, 1, leg);
#endif
#if LEGS > 2
    REPLACE_WORD(d, 2, leg);
#endif
#if defined(HOLDS) && defined(PROTECTED_AFTER)
    if
    :: leg == COMMITTED -> change_protected(d)
    :: else
    fi;
#endif
    leg = 0
}

#ifdef COMMIT_EARLY
#define ENOUGH(d) (pool[d].legs - 1)
#else
#define ENOUGH(d) pool[d].legs
#endif
#ifdef NO_TAKE_BACK
#define OVER_FOR_HELPER(leg) leg == OVER -> leg = 0
#else
#define OVER_FOR_HELPER(leg) false -> skip
#endif

#ifdef NO_REREAD
#define STILL_THERE(where, seen) true
#else
#define STILL_THERE(where, seen) word[where] == seen
#endif

// Met a reserved word, `seen`, at the account `where`: pins its record, and completes the
// transaction if the word is still there. One met on its way is settled first, by settle_beyond:
// the code calls itself, and twice is all it takes here.
inline settle(where, seen) {
    pool[RECORD_IN(seen)].pins++;
    if
    :: STILL_THERE(where, seen) ->
        leg = 1;
        do
        :: leg < ENOUGH(RECORD_IN(seen)) ->
            take(RECORD_IN(seen), leg, at, from, w);
            if
            :: w != 0 -> settle_beyond(pool[RECORD_IN(seen)].account[leg], w)
            :: else
            fi
        :: else -> break
        od;
        if
        :: leg != OVER && pool[RECORD_IN(seen)].legs > 1 -> decide(RECORD_IN(seen), COMMITTED)
        :: else
        fi;
        if
        :: OVER_FOR_HELPER(leg)
        :: else -> finish(RECORD_IN(seen), leg)
        fi
    :: else
    fi;
    atomic { pool[RECORD_IN(seen)].pins--; seen = 0 }
}

inline settle_beyond(where, seen) {
#if LEGS > 1
    pool[RECORD_IN(seen)].pins++;
    if
    :: STILL_THERE(where, seen) ->
        leg_beyond = 1;
        do
        :: leg_beyond < ENOUGH(RECORD_IN(seen)) ->
            take(RECORD_IN(seen), leg_beyond, at, from, w_beyond);
            assert(w_beyond == 0)
        :: else -> break
        od;
        if
        :: leg_beyond != OVER && pool[RECORD_IN(seen)].legs > 1 ->
            decide(RECORD_IN(seen), COMMITTED)
        :: else
        fi;
        if
        :: OVER_FOR_HELPER(leg_beyond)
        :: else -> finish(RECORD_IN(seen), leg_beyond)
        fi
    :: else
    fi;
    atomic { pool[RECORD_IN(seen)].pins--; seen = 0 }
#else
    assert(false)
#endif
}

// The owner's way, from its record's publication on.
inline carry_out(own) {
    leg = 0;
    do
    :: leg < pool[own].legs ->
        take(own, leg, at, from, w);
        if
        :: w != 0 -> settle_beyond(pool[own].account[leg], w)
        :: else
        fi
    :: else -> break
    od;
    if
    :: leg != OVER -> decide(own, COMMITTED)
    :: else
    fi;
    finish(own, leg)
}

#ifdef CUT
#define CUT_LOCALS byte e; short saved
#else
#define CUT_LOCALS
#endif
#define HELPER_LOCALS                                                          \
    short x, w, w_beyond, from;                                                \
    byte leg, leg_beyond, at;                                                  \
    CUT_LOCALS
