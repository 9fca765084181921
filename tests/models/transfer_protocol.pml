// The protocol of the transfer: how a record is claimed, published and helped to its end, and what
// its status and its pins are for. Part of transfer.pml.
//
// Variants to refute   DECIDE_TWICE   a helper's decision is a plain write
//                      LOWER_ONLY     who helps commits though the higher account is not in hand
//                      NO_LAST_TRY    the owner does not try the higher account before it gives the
//                                     record back
//                      REUSE_PINNED   pins are ignored
//                      PINS_FIRST     pins are looked at before the claim, not after
//                      NO_REREAD      a helper does not look at the word again after pinning
//                      ABORT_ON_FOREIGN  a transfer is aborted for another that is in its way
//                      UNORDERED      one transfer takes the higher account first
// Broken, and right    TAKE_LOWER     who helps takes the lower account in hand as well, though it
//   all the same                      has been in hand already
//
// What the header's invariants say is asserted too, so a variant may be refuted by its first step
// astray. With OUTCOME_ONLY it is refuted only by what the ledger's users would find: money made or
// lost, a posting that nobody answers for, a sequence made twice, a read of what never was.
//
// Why a helper leaves the lower account alone. When it pinned the record one account was in hand,
// so the lower one was. It stays so until the transfer is decided, and an aborted transfer gives
// its state back: the only one that comes back. A helper that slept since it saw the transfer
// undecided would take it in hand for a transfer that is over, its owner perhaps gone. No money is
// lost by that (TAKE_LOWER with OUTCOME_ONLY): the record is pinned, who did it undoes it before it
// unpins, and meanwhile it reads as the state given back. But an account would then be in hand of a
// record that is nobody's.
//
// Why the claim looks at the pins last. A helper that pins later finds its word out of hand: the
// last owner has seen to that before it gave the record back. If the claim came last (PINS_FIRST),
// a helper might pin in between, while the account is in hand still.
//
// Why the word is looked at again. A pin that comes too late keeps nothing (NO_REREAD): the record
// may have been claimed since the word was seen, and be half written.
//
// A foreign transfer. Code that meets one while it takes an account in hand settles it first. To
// abort instead (ABORT_ON_FOREIGN) loses money: the foreign transfer may be aborted in its turn and
// give the account back, and the owner, who then takes it, commits over the abort by its plain
// store. Since all take the lower account first, each transfer met on the way of another wants a
// higher account than the one before, and settling comes to an end. Not so with UNORDERED.
//
// Progress. No schedule lets two transfers (OPPOSITE, CHAIN), or a transfer and deposits (DEPOSIT),
// run for ever without finishing one.
#ifdef OUTCOME_ONLY
#define INVARIANT(what) skip
#else
#define INVARIANT(what) assert(what)
#endif

#if defined(LOWER_ONLY)
#define TOOK(leg) leg = 2
#else
#define TOOK(leg) leg++
#endif
#define GONE 3            /* for a leg: there is none to take any more */
#define NOT_EXPECTED 1    /* instead of a word: what none is */

// Nobody takes an account out of an undecided transfer's hand. With OUT_OF_HAND_ONLY nothing else
// is looked for: a scenario comes to where only the pins keep a late helper from it.
#ifdef OUT_OF_HAND_ONLY
#define assert(what) skip
#endif
#ifdef OUTCOME_ONLY
#define NOT_OUT_OF_UNDECIDED(d) skip
#else
#define NOT_OUT_OF_UNDECIDED(d) assert !(pool[d].phase == UNDECIDED) /* not the macro above */
#endif

// A state seen different never comes back.
#define SEEN_ANOTHER(taken, leg)                                               \
    INVARIANT(PLAIN(word[taken.account[leg]]) != taken.expected[leg])

// Where to go on with a transfer whose lower account has been in hand.
#if defined(TAKE_LOWER)
#define MET_LEG 0
#elif defined(LOWER_ONLY)
#define MET_LEG 2
#else
#define MET_LEG 1
#endif

// One attempt to take `leg`, by the owner or under a pin. Leaves `leg` the next one or GONE, and w
// the word of another's that is in the way, or 0.
inline take(d, taken, leg, w) {
    if
    :: pool[d].phase != UNDECIDED -> leg = GONE
    :: else ->
        atomic {
            if
            :: word[taken.account[leg]] == taken.expected[leg] ->
                INVARIANT(pool[d].phase == UNDECIDED && SAME(d, taken));
                word[taken.account[leg]] = IN_HAND(taken, leg, d);
                TOOK(leg)
            :: else -> w = NOT_EXPECTED
            fi
        };
        if
        :: w == NOT_EXPECTED ->
            w = word[taken.account[leg]];
            if
            :: w == IN_HAND(taken, leg, d) -> atomic { w = 0; TOOK(leg) }
            :: w == taken.expected[leg] -> w = 0                 // it was given back: again
#ifndef ABORT_ON_FOREIGN
            :: HOLDER(w) != 0 && w != IN_HAND(taken, leg, d) -> skip
            :: HOLDER(w) == 0 && w != taken.expected[leg] ->
#else
            :: else ->
#endif
                atomic { w = 0; SEEN_ANOTHER(taken, leg); decide(d, taken, ABORTED) }
            fi
        :: else
        fi
    fi
}

#define RECORD_BOTH(taken)                                                     \
    RECORD(taken.account[0], DESIRED(taken, 0));                               \
    RECORD(taken.account[1], DESIRED(taken, 1))

inline decide(d, taken, outcome) {
    atomic {
        if
#ifdef DECIDE_TWICE
        :: true -> pool[d].phase = outcome
#else
        :: pool[d].phase == UNDECIDED ->
            INVARIANT(SAME(d, taken) && HAS_BOTH(d) == (outcome == COMMITTED));
            pool[d].phase = outcome;
            if
            :: outcome == COMMITTED -> RECORD_BOTH(taken)
            :: else
            fi
        :: else
#endif
        fi
    }
}

inline replace(d, taken, leg, desired_word) {
    atomic {
        if
        :: word[taken.account[leg]] == IN_HAND(taken, leg, d) ->
            NOT_OUT_OF_UNDECIDED(d);
            INVARIANT(SAME(d, taken));
            INVARIANT(pool[d].phase ==
                      (desired_word == taken.expected[leg] -> ABORTED : COMMITTED));
            word[taken.account[leg]] = desired_word
        :: else
        fi
    }
}

// Decides if both legs are in hand, and replaces both. Uses leg for what was decided.
inline finish(d, taken, leg) {
    if
    :: leg == 2 -> decide(d, taken, COMMITTED)
    :: else
    fi;
    leg = pool[d].phase;
    if
    :: leg == COMMITTED ->
        replace(d, taken, 0, DESIRED(taken, 0));
        replace(d, taken, 1, DESIRED(taken, 1))
    :: else ->
        replace(d, taken, 0, taken.expected[0]);
        replace(d, taken, 1, taken.expected[1])
    fi;
    leg = 0
}

// Brings a transfer to its end from `leg` on.
inline help(d, taken, leg, w) {
    do
    :: leg < 2 ->
        take(d, taken, leg, w);
        if
        :: w != 0 -> settle_beyond(taken.account[leg], w)
        :: else
        fi
    :: else -> break
    od;
    finish(d, taken, leg)
}

#define FORGET(taken)                                                          \
    taken.account[0] = 0; taken.expected[0] = 0; taken.gain[0] = 0;            \
    taken.account[1] = 0; taken.expected[1] = 0; taken.gain[1] = 0

#define COPY_LEG(to, from, leg)                                                \
    to.account[leg] = from.account[leg];                                       \
    to.expected[leg] = from.expected[leg];                                     \
    to.gain[leg] = from.gain[leg]

// Met a word in hand, `seen`, at the account `where`: pins its record, and takes down what it is
// about if the word is still there.
inline pin(where, seen, taken) {
    pool[HOLDER(seen)].pins++;
    if
#ifdef NO_REREAD
    :: true ->
#else
    :: word[where] == seen ->
#endif
        atomic { COPY_LEG(taken, pool[HOLDER(seen)].about, 0) };
        atomic { COPY_LEG(taken, pool[HOLDER(seen)].about, 1) }
#ifndef NO_REREAD
    :: else
#endif
    fi
}

inline unpin(seen, taken) {
    atomic {
        INVARIANT(taken.expected[0] == 0 || SAME(HOLDER(seen), taken));
        pool[HOLDER(seen)].pins--;
        seen = 0;
        FORGET(taken)
    }
}

// The code calls itself for a transfer met on the way of another. Twice is all it takes here.
inline settle(where, seen) {
    pin(where, seen, met);
    if
    :: met.expected[0] != 0 -> leg = MET_LEG; help(HOLDER(seen), met, leg, w)
    :: else
    fi;
    unpin(seen, met)
}

inline settle_beyond(where, seen) {
    pin(where, seen, beyond);
    if
    :: beyond.expected[0] != 0 ->
        leg_beyond = MET_LEG;
        do
        :: leg_beyond < 2 ->
            take(HOLDER(seen), beyond, leg_beyond, w_beyond);
            assert(w_beyond == 0)
        :: else -> break
        od;
        finish(HOLDER(seen), beyond, leg_beyond)
    :: else
    fi;
    unpin(seen, beyond)
}

#ifdef CUT
// The cut's first steps of a posting (see cut.pml): save the old state, unless it has been.
// Leaves e the epoch, or 0: start again.
inline save(where, seen) {
    e = epoch;
    if
    :: TAG(seen) == e -> skip
    :: else ->
        saved = before[where];
        if
        :: saved == RETAG(seen, e) -> skip
        :: else ->
            if
            :: word[where] != seen -> e = 0
            :: else ->
                atomic {
                    if
                    :: before[where] == saved -> before[where] = RETAG(seen, e)
                    :: else -> e = 0
                    fi
                }
            fi
        fi;
        saved = 0
    fi
}

#define FORGET_STATES mine.expected[0] = 0; mine.expected[1] = 0

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
#define EPOCH_LOCALS byte e; short saved
#else
#define EPOCH_LOCALS
#endif

#define HELPER_LOCALS                                                          \
    legs met, beyond;                                                          \
    short x, w, w_beyond;                                                      \
    byte leg, leg_beyond;                                                      \
    EPOCH_LOCALS
