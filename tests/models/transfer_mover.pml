// Who makes a transfer: gets a record, takes both accounts in hand, commits, replaces both and
// gives the record back; or goes on in steps when something is in the way. Part of transfer.pml;
// the variants are listed in transfer_protocol.pml.

#if defined(PINS_FIRST)
#define CLAIMABLE(d) (pool[d].pins == 0)
#elif defined(PATIENT)
#define CLAIMABLE(d) (pool[d].phase == IDLE && pool[d].pins == 0)
#else
#define CLAIMABLE(d) (pool[d].phase == IDLE)
#endif
#ifdef VERSIONED
#define NEXT_VERSION(d) pool[d].version++
#else
#define NEXT_VERSION(d) skip
#endif

// Leaves `own` a record of the caller's. Which ones it tries, and in which order, is left open.
inline claim(own) {
    do
    :: atomic {
           if
           :: CLAIMABLE(1) -> own = 1
#if RECORDS > 1
           :: CLAIMABLE(2) -> own = 2
#endif
#if RECORDS > 2
           :: CLAIMABLE(3) -> own = 3
#endif
           fi
#ifdef PINS_FIRST
       };
       atomic {
           if
           :: pool[own].phase != IDLE -> own = 0
           :: else -> pool[own].phase = PREPARING; NEXT_VERSION(own); break
           fi
       }
#else
           ;
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
#endif
    od
}

#define EXTRAORDINARY                                                          \
    (HOLDER(mine.expected[0]) != 0 || HOLDER(mine.expected[1]) != 0 ||         \
     TAG(mine.expected[0]) != epoch || TAG(mine.expected[1]) != epoch)
#define GIVE_BACK                                                              \
    pool[own].phase = IDLE;                                                    \
    own = 0; mine.expected[0] = 0; mine.expected[1] = 0

// The first attempt claims its record before it looks at the accounts, those after it later.
proctype mover(byte lower; byte higher; short change) {
    HELPER_LOCALS;
    legs mine;
    byte own, round, attempt;
    bool in_steps;
    d_step {
        mine.account[0] = lower; mine.gain[0] = -change;
        mine.account[1] = higher; mine.gain[1] = change
    };
again:
    if
    :: round == ROUNDS -> goto done
#if ATTEMPTS
    :: attempt == ATTEMPTS -> goto done
#endif
    :: else
    fi;
    if
    :: in_steps ->
        x = word[lower];
        if
        :: HOLDER(x) != 0 -> settle(lower, x); goto again
        :: else -> atomic { mine.expected[0] = x; x = 0 }
        fi;
        x = word[higher];
        if
        :: HOLDER(x) != 0 -> mine.expected[0] = 0; settle(higher, x); goto again
        :: else -> atomic { mine.expected[1] = x; x = 0 }
        fi;
#ifdef CUT
        e = epoch;
        if
        :: TAG(mine.expected[0]) != e ->
            move(lower, mine.expected[0]); FORGET_STATES; goto again
        :: TAG(mine.expected[0]) == e && TAG(mine.expected[1]) != e ->
            move(higher, mine.expected[1]); FORGET_STATES; goto again
        :: else -> e = 0
        fi;
#endif
        claim(own)
    :: else ->
        claim(own);
        mine.expected[0] = word[lower];
        mine.expected[1] = word[higher];
        if
        :: EXTRAORDINARY -> atomic { GIVE_BACK; in_steps = true; goto again }
        :: else
        fi
    fi;
#if ATTEMPTS
    attempt++;
#endif
    atomic { COPY_LEG(pool[own].about, mine, 0) };           // publish
    atomic { COPY_LEG(pool[own].about, mine, 1) };
    pool[own].phase = UNDECIDED;
    atomic {
        if
        :: word[lower] == mine.expected[0] ->
            INVARIANT(pool[own].phase == UNDECIDED);
            word[lower] = IN_HAND(mine, 0, own)
        :: else -> goto in_steps_from_lower
        fi
    };
    atomic {
        if
        :: word[higher] == mine.expected[1] ->
            INVARIANT(pool[own].phase == UNDECIDED);
            word[higher] = IN_HAND(mine, 1, own)
        :: else -> goto in_steps_from_higher
        fi
    };
    // Commit. By a plain store, which is right since nobody can have aborted it. The code compares
    // and swaps: there epochs come around, after thousands of cuts, and here they do not.
    atomic {
        INVARIANT(pool[own].phase == UNDECIDED || pool[own].phase == COMMITTED);
        if
        :: pool[own].phase == UNDECIDED -> RECORD_BOTH(mine)
        :: else
        fi;
        pool[own].phase = COMMITTED
    };
    replace(own, mine, 0, DESIRED(mine, 0));
#ifndef NO_LAST_TRY
    replace(own, mine, 1, DESIRED(mine, 1));
#endif
    goto report;
in_steps_from_higher:
    leg = MET_LEG;
in_steps_from_lower:
    help(own, mine, leg, w);
report:
    atomic {                                                 // report, and give it back
        if
        :: pool[own].phase == COMMITTED ->
            reported_balance[lower] = reported_balance[lower] - change;
            reported_balance[higher] = reported_balance[higher] + change;
            reported_sequence[lower]++;
            reported_sequence[higher]++;
            round++;
            attempt = 0;
            in_steps = false
        :: else -> in_steps = true
        fi;
        GIVE_BACK;
        goto again
    };
done:
    atomic { FORGET(mine); round = 0; attempt = 0; in_steps = false; running-- }
}
