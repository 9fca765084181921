// What all who change a hold do: they move its words to the epoch, describe the transaction and
// carry it out; and what the assertions need to know. Part of hold.pml, which lists the variants.
// Ghosts: what is booked after each sequence, and the hold as the transactions that happened left
// it.
byte booked_at[ACCOUNTS * 8];
byte true_account, true_sequence, true_left, paid_out;

#define NOTE_BOOKED(where, state, of_it_held)                                  \
    booked_at[(where) * 8 + SEQUENCE(state)] = VALUE(state) + VALUE(of_it_held)

#define COMMIT_HOLD(d)                                                         \
    NOTE_BOOKED(pool[d].account[0], pool[d].posted[0], held[pool[d].account[0]]); \
    NOTE_BOOKED(pool[d].account[LEGS - 1], pool[d].posted[LEGS - 1],           \
                held[pool[d].account[LEGS - 1]]);                              \
    COMMIT_GUARDED(d, pool[d].guard, pool[d].account[pool[d].guard])
#define COMMIT_GUARDED(d, leg, where)                                          \
    NOTE_BOOKED(where, pool[d].posted[leg], pool[d].held_posted);              \
    if                                                                         \
    :: VALUE(pool[d].hold_expected) == 0 ->                                    \
        assert(true_left == 0);                                                \
        true_account = where;                                                  \
        true_sequence = SEQUENCE(pool[d].posted[leg])                          \
    :: else ->                                                                 \
        assert(true_account == where && true_sequence == pool[d].id);          \
        assert(true_left != 0 && true_left == VALUE(pool[d].hold_expected));   \
        paid_out = paid_out + (pool[d].legs > 1 -> 0 :                         \
                               VALUE(pool[d].expected[leg]) +                  \
                               VALUE(pool[d].held_expected) -                  \
                               VALUE(pool[d].posted[leg]) - VALUE(pool[d].held_posted)) \
    fi;                                                                        \
    true_left = (IS_OPEN(pool[d].hold_posted) -> VALUE(pool[d].hold_posted) : 0)

#include "transaction_protocol.pml"

#ifdef STATES_RECUR
#define NEXT(word) SEQUENCE(word)
#else
#define NEXT(word) (SEQUENCE(word) + 1)
#endif

#ifdef CUT
// As in cut.pml: saves the state `seen` for a cut, before one of epoch e replaces it. Leaves e 0 if
// there is another state by now: start again.
inline save(now, prior, seen) {
    if
    :: TAG(seen) == e || SEQUENCE(seen) == 0 -> skip
    :: else ->
        saved = prior;
        if
        :: saved == RETAG(seen, e) -> skip
        :: else ->
            if
            :: now != seen -> e = 0
            :: else ->
                atomic {
                    if
                    :: prior == saved -> prior = RETAG(seen, e)
                    :: else -> e = 0
                    fi
                }
            fi
        fi;
        saved = 0
    fi
}

inline move(now, prior, seen) {
    if
    :: TAG(seen) == e -> skip
    :: else ->
        save(now, prior, seen);
        atomic {
            if
            :: e != 0 && now == seen -> now = RETAG(seen, e); seen = RETAG(seen, e)
            :: else -> e = 0
            fi
        }
    fi
}
#define TO_CURRENT_EPOCH(where)                                                \
    e = epoch;                                                                 \
    move(word[where], before[where], x);                                       \
    if                                                                         \
    :: e == 0 -> goto again                                                    \
    :: else                                                                    \
    fi
#ifdef MOVED_BACK
#define UNCHANGED(where) true
#else
#define UNCHANGED(where) word[where] == x
#endif
#ifdef NOT_MOVED
#define MOVE_PROTECTED(where) skip
#else
// If the account is unchanged, these are of its epoch or an earlier one.
#define MOVE_PROTECTED(where)                                                  \
    if                                                                         \
    :: UNCHANGED(where)                                                        \
    :: else -> goto again                                                      \
    fi;                                                                        \
    move(held[where], held_before[where], h);                                  \
    if                                                                         \
    :: e == 0 -> goto again                                                    \
    :: else                                                                    \
    fi;                                                                        \
    move(hold, hold_before, s);                                                \
    if                                                                         \
    :: e == 0 -> goto again                                                    \
    :: else                                                                    \
    fi
#endif
#define FORGET_EPOCH e = 0
#else
#define TO_CURRENT_EPOCH(where) skip
#define MOVE_PROTECTED(where) skip
#define FORGET_EPOCH skip
#endif

#define LOAD_ACCOUNT(where)                                                    \
    atomic { x = 0; y = 0; h = 0; s = 0; FORGET_EPOCH };                       \
    x = word[where];                                                           \
    if                                                                         \
    :: RECORD_IN(x) != 0 -> settle(where, x); goto again                       \
    :: else                                                                    \
    fi;                                                                        \
    TO_CURRENT_EPOCH(where)

#define DESCRIBE(where, change, flag, held_change, hold_after)                 \
    pool[own].legs = 1;                                                        \
    pool[own].guard = 0;                                                       \
    pool[own].account[0] = where;                                              \
    pool[own].expected[0] = x;                                                 \
    pool[own].posted[0] =                                                      \
        WORD(VALUE(x) + (change), flag, SEQUENCE(x) + 1, TAG(x), 0);           \
    pool[own].held_expected = h;                                               \
    pool[own].held_posted = WORD(VALUE(h) + (held_change), 0, NEXT(h), TAG(x), 0); \
    pool[own].hold_expected = s;                                               \
    pool[own].hold_posted = hold_after;                                        \
    pool[own].phase = COMMITTED

#define GIVE_BACK pool[own].phase = IDLE; own = 0

// Carries out a transaction on one account. Leaves x 0 if the account has another state.
inline carry_out_alone(own, where) {
    atomic {
        if
        :: word[where] == x ->
            word[where] = x | own;
            NOTE(where, pool[own].posted[0]);
            COMMIT_HOLD(own)
        :: else -> x = 0
        fi
    };
    if
    :: x != 0 -> finish(own, leg)
    :: else
    fi;
    atomic { GIVE_BACK }
}

#if LEGS > 1
inline carry_out_with_payee(own, where) {
    atomic {
        pool[own].legs = 2;
        pool[own].guard = (where < PAYEE -> 0 : 1);
        pool[own].account[pool[own].guard] = where;
        pool[own].expected[pool[own].guard] = x;
        pool[own].posted[pool[own].guard] = WORD(VALUE(x), 0, SEQUENCE(x) + 1, TAG(x), 0);
        pool[own].account[1 - pool[own].guard] = PAYEE;
        pool[own].expected[1 - pool[own].guard] = y;
        pool[own].posted[1 - pool[own].guard] =
            WORD(VALUE(y) + VALUE(s), 0, SEQUENCE(y) + 1, TAG(y), 0)
    };
    pool[own].phase = UNDECIDED;
    carry_out(own);
    atomic {
        if
        :: pool[own].phase == COMMITTED
        :: else -> x = 0
        fi;
        GIVE_BACK
    }
}
#endif
