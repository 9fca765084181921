// Holds: an account's word protects two more, the sum of what its holds have (its held total) and
// the hold itself. They change only while a transaction has the account reserved: all who complete
// it change them, each by one compare-and-swap, before they replace the account's word. A
// transaction on one account is published as already committed, and happens when its account is
// reserved. Every interleaving of the scenario is explored, as in transaction.pml.
//
// Scenarios (one of)   RACE      the hold is captured, released and expired, each by one thread
//                      PARTS     it is captured twice in part, and released
//                      POSTINGS  it is released, and placed again, beside a withdrawal
//                      READER    it is released, and placed again, beside a thread that reads
//                      PAY       it is captured to another account, and released. PAYEE_FIRST: to
//                                one with a lower number
//                      STALE     it ends, its slot is used for another account's hold, and a thread
//                                still releases the first one
//                      CUT_RELEASE, CUT_PLACE, CUT_PAY  one of these beside cuts
// Bounds               RECORDS, the pool; CUTS, the cuts in a row
// Variants to refute, with those of transaction_protocol.pml
//                      SUM_TORN            a reader does not load the account's word again
//                      STATES_RECUR        the sequence of a protected word does not rise
//                      NO_GENERATION       a release does not look at whose hold is in the slot
//                      GENERATION_FIRST    it looks at that before the hold's word, not after
//                      PROTECTED_FIRST     a cut moves the protected words before the account
//                      MOVED_BACK          they are moved without a look at whether the account has
//                                          changed since, which a cut may have moved
//                      NOT_MOVED           protected words are not moved before a transaction
#define HOLDS
#if defined(PAY) || defined(STALE) || defined(CUT_PAY)
#define ACCOUNTS 2
#define LEGS 2
#else
#define ACCOUNTS 1
#define LEGS 1
#endif
#if defined(CUT_RELEASE) || defined(CUT_PLACE) || defined(CUT_PAY)
#define CUT
#endif
#ifdef PAYEE_FIRST
#define OWNER B
#define PAYEE A
#else
#define OWNER A
#define PAYEE B
#endif
#ifndef RECORDS
#define RECORDS 1
#endif
#ifndef CUTS
#define CUTS 2
#endif

#include "transaction_words.pml"
#include "hold_protocol.pml"

// The end of a hold, or of a `part` of it that is captured; to an account if it `pays`.
#define LEFT(s) (part != 0 && VALUE(s) > part -> VALUE(s) - part : 0)
#define AFTER(s)                                                               \
    WORD((LEFT(s) != 0 -> LEFT(s) : (how == CAPTURED -> VALUE(s) : 0)), 0, NEXT(s), TAG(x), \
         (LEFT(s) != 0 -> HELD : how))

proctype ender(byte where; byte id; byte how; byte part; bool pays) {
    HELPER_LOCALS;
    short y, h, s;
    byte own;
again:
    LOAD_ACCOUNT(where);
#if LEGS > 1
    if
    :: pays ->
        y = word[PAYEE];
        if
        :: RECORD_IN(y) != 0 -> settle(PAYEE, y); goto again
        :: else
        fi;
#ifdef CUT
        e = epoch;
        move(word[PAYEE], before[PAYEE], y);
        if
        :: e == 0 || TAG(y) != TAG(x) -> goto again
        :: else
        fi
#endif
    :: else
    fi;
#endif
#ifdef GENERATION_FIRST
    if
    :: placed_for != where || placed_at != id -> goto refused
    :: else
    fi;
#endif
    s = hold;
    h = held[where];
#if defined(STALE) && !defined(GENERATION_FIRST) && !defined(NO_GENERATION)
    if
    :: placed_for != where -> goto refused
    :: else
    fi;
    if
    :: placed_at != id -> goto refused
    :: else
    fi;
#endif
    if
    :: !IS_OPEN(s) -> goto refused
    :: else
    fi;
    MOVE_PROTECTED(where);
    claim(own);
    atomic {
        pool[own].id = id;
        DESCRIBE(where, (how == CAPTURED -> 0 : VALUE(s)), LEFT(s) != 0, LEFT(s) - VALUE(s),
                 AFTER(s))
#if LEGS > 1
        ;
        if
        :: pays -> pool[own].phase = PREPARING
        :: else
        fi
#endif
    };
#if LEGS > 1
    if
    :: pays -> carry_out_with_payee(own, where)
    :: else -> carry_out_alone(own, where)
    fi;
#else
    carry_out_alone(own, where);
#endif
    if
    :: x == 0 -> goto again
    :: else -> goto done
    fi;
refused:
    atomic {
        if
        :: word[where] != x -> goto again
        :: else ->
            assert(true_left == 0 || true_account != where || true_sequence != id)
        fi
    };
done:
    atomic {
        x = 0; y = 0; h = 0; s = 0; where = 0; id = 0; how = 0; part = 0; pays = false;
        FORGET_EPOCH;
        running--
    }
}

// Places a hold in the slot, once the one in it has ended and is forgotten.
proctype placer(byte where; byte amount) {
    HELPER_LOCALS;
    short y, h, s;
    byte own;
#ifndef CUT_PLACE
    STATUS(hold) != HELD;
    d_step { hold = WORD(0, 0, NEXT(hold), TAG(hold), HELD) };
#endif
again:
    LOAD_ACCOUNT(where);
    s = hold;
    h = held[where];
    MOVE_PROTECTED(where);
    placed_for = where;
    placed_at = SEQUENCE(x) + 1;
    claim(own);
    atomic {
        pool[own].id = SEQUENCE(x) + 1;
        DESCRIBE(where, -amount, 1, amount, WORD(amount, 0, NEXT(s), TAG(x), HELD))
    };
    carry_out_alone(own, where);
    if
    :: x == 0 -> goto again
    :: else
    fi;
    atomic { x = 0; h = 0; s = 0; where = 0; amount = 0; FORGET_EPOCH; running-- }
}

// A posting beside holds, and what it reports as booked.
proctype withdrawer(byte where; byte amount) {
    HELPER_LOCALS;
    short y, h, s;
again:
    LOAD_ACCOUNT(where);
    if
    :: HAS_HOLDS(x) -> h = held[where]
    :: else
    fi;
    atomic {
        if
        :: word[where] != x -> goto again
        :: else ->
            word[where] = WORD(VALUE(x) - amount, HAS_HOLDS(x), SEQUENCE(x) + 1, TAG(x), 0);
            NOTE(where, word[where]);
            NOTE_BOOKED(where, word[where], held[where]);
            assert(VALUE(word[where]) + VALUE(h) == booked_at[where * 8 + SEQUENCE(word[where])]);
            assert(VALUE(held[where]) == VALUE(h));
            paid_out = paid_out + amount
        fi
    };
    atomic { x = 0; h = 0; where = 0; amount = 0; running-- }
}

proctype reader(byte where) {
    HELPER_LOCALS;
    short y, h, s;
    byte latest;
again:
    LOAD_ACCOUNT(where);
    if
    :: HAS_HOLDS(x) -> h = held[where]
    :: else
    fi;
    s = hold;
    atomic {
#ifndef SUM_TORN
        if
        :: word[where] != x -> goto again
        :: else
        fi;
#endif
        assert(booked_at[where * 8 + SEQUENCE(x)] == VALUE(x) + VALUE(h));
        assert(VALUE(h) == (IS_OPEN(s) -> VALUE(s) : 0));
        x = 0; h = 0; s = 0; where = 0;
        running--
    }
}

#ifdef CUT
#include "hold_cutter.pml"
#endif

#if ACCOUNTS > 1
#define SUM (VALUE(NOW(A)) + VALUE(NOW(B)) + VALUE(HELD_NOW(A)) + VALUE(HELD_NOW(B)) + paid_out)
#else
#define SUM (VALUE(NOW(A)) + VALUE(HELD_NOW(A)) + paid_out)
#endif

// Looks at every moment: takes a step only if something is wrong, or when all are done.
proctype monitor() {
    if
    :: atomic { SUM != total -> assert(false) }
    :: atomic {
           running == 0 ->
           assert(SUM == total);
           assert(RECORD_IN(word[OWNER]) == 0 && RECORD_IN(word[ACCOUNTS - 1]) == 0);
           assert(VALUE(held[0]) + VALUE(held[ACCOUNTS - 1]) * (ACCOUNTS - 1) == true_left);
           assert((IS_OPEN(hold) -> VALUE(hold) : 0) == true_left);
           assert(HAS_HOLDS(word[0]) == (VALUE(held[0]) != 0))
       }
    fi
}

#define RUN(what) run what; running++

init {
    atomic {
#ifdef CUT_PLACE
        word[OWNER] = WORD(7, 0, 2, 1, 0);
        held[OWNER] = WORD(0, 0, 1, 1, 0);
#else
        word[OWNER] = WORD(4, 1, 2, 1, 0);
        held[OWNER] = WORD(3, 0, 1, 1, 0);
        hold = WORD(3, 0, 1, 1, HELD);
        placed_for = OWNER; placed_at = 2;
        true_account = OWNER; true_sequence = 2; true_left = 3;
#endif
        NOTE(OWNER, word[OWNER]);
        NOTE_BOOKED(OWNER, word[OWNER], held[OWNER]);
        total = 7;
#if ACCOUNTS > 1
        word[PAYEE] = WORD(4, 0, 1, 1, 0);
        NOTE(PAYEE, word[PAYEE]);
        NOTE_BOOKED(PAYEE, word[PAYEE], held[PAYEE]);
        total = 11;
#endif
#ifdef RACE
        RUN(ender(OWNER, 2, CAPTURED, 0, false));
        RUN(ender(OWNER, 2, RELEASED, 0, false));
        RUN(ender(OWNER, 2, EXPIRED, 0, false));
#endif
#ifdef PARTS
        RUN(ender(OWNER, 2, CAPTURED, 1, false));
        RUN(ender(OWNER, 2, CAPTURED, 1, false));
        RUN(ender(OWNER, 2, RELEASED, 0, false));
#endif
#if defined(POSTINGS) || defined(READER)
        RUN(ender(OWNER, 2, RELEASED, 0, false));
        RUN(placer(OWNER, 3));
#endif
#ifdef POSTINGS
        RUN(withdrawer(OWNER, 1));
#endif
#ifdef READER
        RUN(reader(OWNER));
#endif
#if defined(PAY) || defined(CUT_PAY)
        RUN(ender(OWNER, 2, CAPTURED, 0, true));
#endif
#ifdef PAY
        RUN(ender(OWNER, 2, RELEASED, 0, false));
        RUN(withdrawer(PAYEE, 1));
#endif
#ifdef STALE
        RUN(ender(OWNER, 2, EXPIRED, 0, false));
        RUN(ender(OWNER, 2, RELEASED, 0, false));
        RUN(placer(PAYEE, 1));
#endif
#ifdef CUT_RELEASE
        RUN(ender(OWNER, 2, RELEASED, 0, false));
        RUN(ender(OWNER, 2, EXPIRED, 0, false));
#endif
#ifdef CUT_PLACE
        RUN(placer(OWNER, 2));
#endif
#ifdef CUT
        RUN(cutter());
#endif
        run monitor()
    }
}
