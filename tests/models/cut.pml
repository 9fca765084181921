// The consistent cut: writers post by compare-and-swap of one word, a cutter takes one state of
// every account. Every interleaving of the scenario below is explored; d_step and atomic hold one
// access to shared memory each, plus what is local or ghost.
//
// Scenarios (one of)   MOVE  two threads move money, each by a withdrawal and then a deposit
//                      FLAG  one posts to A and raises a flag; one waits for it and posts to B
//                      BUSY  three post to A
//                      OPEN  one opens C while two post to it, through several cuts
//                      BESIDE       two post to A, and one to its neighbour, and moves A
//                      OPEN_BESIDE  one opens C, one posts to it, and one moves it likewise
// Bounds               CUTS, the cuts in a row; MOD, how many tags there are before they come round
// Variants to refute   EPOCH_FIRST NO_BEFORE STALE_BEFORE NO_RECHECK SKIP_CLOSED
// Right as well        SKIP_CLOSED with EPOCH_RECHECK: the cutter leaves closed accounts alone, and
//                      a writer looks at the epoch once more before it saves
//
// Why closed accounts are moved too. If the cutter skipped them, an opener might install a tag two
// epochs old. Then a writer of the last epoch and one of this epoch both save the opening
// state; the older save replaces the newer one; the newer writer posts; the cutter finds a state of
// this epoch with a `before` of the last, takes the account for one opened since, and omits it.
//
// Why the tag is wide. With N tags a state is refuted after N + 1 cuts in a row (BUSY), seen for
// N = 2 and 3, although every cut visits every account: a writer may sleep through them all between
// its loads and its compare-and-swap, and a tag that has come round makes its state word or its
// epoch look current again.
#ifndef SKIP_CLOSED
#define TAG_CLOSED
#endif
#ifndef CUTS
#define CUTS 2
#endif
#ifndef MOD
#define MOD 15
#endif

// A word: balance (4 bits), sequence (3 bits), tag (4 bits).
#define WORD(balance, sequence, tag) (((balance) << 7) | ((sequence) << 4) | (tag))
#define BALANCE(word) ((word) >> 7)
#define SEQUENCE(word) (((word) >> 4) & 7)
#define TAG(word) ((word) & 15)
#define RETAG(word, tag) (((word) & ~15) | (tag))
// Tag 0 is kept for words that were never written.
#define EPOCH (1 + (epoch % MOD))

#define ACCOUNTS 3
#define A 0
#define B 1
#define C 2

short state[ACCOUNTS];
short before[ACCOUNTS];
byte epoch = 0;

// Ghosts: what each account's sequences stood for, and which one the cut must have at least.
byte balance_at[24];
byte sequence_at_start[ACCOUNTS];
bool flag = false;
byte flagged_sequence, after_flag_sequence;

#define RECORD(account, word)                                             \
    assert(balance_at[(account) * 8 + SEQUENCE(word)] == 0);              \
    balance_at[(account) * 8 + SEQUENCE(word)] = BALANCE(word) + 1

#define NOTHING 3, 0
// A posting needs an open account. Opening is the posting to sequence 1, by one writer.
#define LOAD_STATE                                                        \
    d_step { opens || SEQUENCE(state[account]) > 0 -> s = state[account] }

// Saves the state s for a cut, before one of epoch e replaces it. Leaves e 0 if the account has
// moved on: start again.
inline save() {
#ifdef NO_BEFORE
    skip
#else
    if
    :: TAG(s) == e || SEQUENCE(s) == 0 -> skip
    :: else ->
        b = before[account];
        if
        :: b == RETAG(s, e) -> skip
        :: else ->
#ifdef STALE_BEFORE
            before[account] = RETAG(s, e)
#else
            if
#ifndef NO_RECHECK
            :: state[account] != s -> e = 0
#endif
            :: else ->
#ifdef EPOCH_RECHECK
                if
                :: EPOCH != e -> e = 0                       // a newer save must not be replaced
                :: else
                fi;
#endif
                d_step {
                    if
                    :: e == 0 -> skip
                    :: e != 0 && before[account] == b -> before[account] = RETAG(s, e)
                    :: else -> e = 0
                    fi
                }
            fi
#endif
        fi
    fi
#endif
}

proctype writer(byte first; short first_change; byte second; short second_change;
                bool raises; bool waits; bool opens) {
    short s, b;
    byte e;
    byte account = first;
    short change = first_change;
    if
    :: waits -> flag
    :: else
    fi;
again:
    atomic { s = 0; b = 0; e = 0 };
#ifdef EPOCH_FIRST
    e = EPOCH;
    LOAD_STATE;
#else
    LOAD_STATE;                                              // (1) the state
    e = EPOCH;                                               // (2) then the epoch
#endif
    save();                                                  // (3) save what the state was
    if
    :: e == 0 -> goto again
    :: else
    fi;
    if
    :: d_step { state[account] == s ->                       // (4) the posting
           state[account] = WORD(BALANCE(s) + change, SEQUENCE(s) + 1, e);
           RECORD(account, state[account]);
           if
           :: raises && account == A -> flagged_sequence = SEQUENCE(s) + 1
           :: waits && account == B -> after_flag_sequence = SEQUENCE(s) + 1
           :: else
           fi;
           s = 0; b = 0; e = 0
       }
    :: d_step { state[account] != s -> s = 0 }; goto again
    fi;
    if
    :: account == first && second != first ->
        if
        :: raises -> flag = true
        :: else
        fi;
        d_step { account = second; change = second_change };
        if
        :: account < ACCOUNTS -> goto again
        :: else
        fi
    :: else
    fi;
    d_step { account = 0; change = 0 }
}

// Moves the account to the current epoch without a posting, in one attempt: somebody who posts to a
// neighbour does that.
proctype neighbour(byte account) {
    short s, b;
    byte e;
    s = state[account];
    e = EPOCH;
    if
    :: TAG(s) != e ->
        save();
        d_step {
            if
            :: e != 0 && state[account] == s -> state[account] = RETAG(s, e)
            :: else
            fi
        }
    :: else
    fi;
    d_step { account = 0; s = 0; b = 0; e = 0 }
}

// The cut's total may lack money on its way, but never has more than there ever was.
#ifdef MOVE
#define INITIAL 8
#endif

proctype cutter() {
    short s, b;
    short value[ACCOUNTS];
    byte latest[ACCOUNTS];
    byte cuts = 0;
    byte visited, account;
    bool forwards;
    do
    :: cuts < CUTS ->
        d_step {
            epoch++;
            cuts++;
            sequence_at_start[A] = SEQUENCE(state[A]);
            sequence_at_start[B] = SEQUENCE(state[B]);
            sequence_at_start[C] = SEQUENCE(state[C])
        };
        if
        :: forwards = true; account = 0
        :: forwards = false; account = ACCOUNTS - 1
        fi;
        do
        :: visited < ACCOUNTS ->
            s = state[account];
            if
#ifdef TAG_CLOSED
            :: SEQUENCE(s) == 0 && TAG(s) == EPOCH -> value[account] = 0
#else
            :: SEQUENCE(s) == 0 -> value[account] = 0
#endif
            :: SEQUENCE(s) > 0 && TAG(s) == EPOCH ->
                d_step {
                    b = before[account];
                    value[account] = (TAG(b) == EPOCH && SEQUENCE(b) > 0 -> RETAG(b, 0) : 0);
                    b = 0
                }
            :: else ->
                if
                :: d_step { state[account] == s ->
                       state[account] = RETAG(s, EPOCH); value[account] = RETAG(s, 0) }
                :: d_step { state[account] != s -> s = 0 }; goto visit_again
                fi
            fi;
            atomic {
                // Sequences never go back, postings finished before the cut are in it, and the
                // value is one the account had.
                assert(SEQUENCE(value[account]) >= latest[account]);
                assert(SEQUENCE(value[account]) >= sequence_at_start[account]);
                assert(SEQUENCE(value[account]) == 0 ||
                       balance_at[account * 8 + SEQUENCE(value[account])] ==
                           BALANCE(value[account]) + 1);
                latest[account] = SEQUENCE(value[account]);
                visited++;
                account = (forwards -> account + 1 : account - 1)
            };
visit_again:
            s = 0
        :: else -> break
        od;
        atomic {
#ifdef INITIAL
            assert(BALANCE(value[A]) + BALANCE(value[B]) <= INITIAL);
#endif
            // If the posting after the flag is in the cut, so is the one before it.
            assert(after_flag_sequence == 0 || latest[B] < after_flag_sequence ||
#ifdef OPEN
                   latest[C] >= flagged_sequence
#else
                   latest[A] >= flagged_sequence
#endif
            );
            value[A] = 0; value[B] = 0; value[C] = 0;
            visited = 0; account = 0; forwards = false;
            sequence_at_start[A] = 0; sequence_at_start[B] = 0; sequence_at_start[C] = 0
        }
    :: else -> break
    od
}

init {
    atomic {
        state[A] = WORD(4, 1, EPOCH);
        RECORD(A, state[A]);
        state[B] = WORD(4, 1, EPOCH);
        RECORD(B, state[B]);
#ifdef MOVE
        run writer(A, -1, B, 1, false, false, false);
        run writer(B, -2, A, 2, false, false, false);
#endif
#ifdef FLAG
        run writer(A, 1, NOTHING, true, false, false);
        run writer(B, 1, NOTHING, false, true, false);
        run writer(A, 2, B, 2, false, false, false);
#endif
#ifdef BUSY
        run writer(A, 1, NOTHING, false, false, false);
        run writer(A, 2, NOTHING, false, false, false);
        run writer(A, 4, NOTHING, false, false, false);
#endif
#ifdef BESIDE
        run writer(A, 1, NOTHING, false, false, false);
        run writer(A, 2, NOTHING, false, false, false);
        run neighbour(A);
#endif
#ifdef OPEN_BESIDE
        run writer(C, 1, NOTHING, false, false, true);
        run writer(C, 2, NOTHING, false, false, false);
        run neighbour(C);
#endif
#ifdef OPEN
        run writer(C, 1, NOTHING, false, false, true);
        run writer(C, 2, NOTHING, false, false, false);
        run writer(C, 4, NOTHING, false, false, false);
#endif
        run cutter()
    }
}
