// What transactions and holds are made of: the accounts' words, the words that these protect, the
// records, and what the assertions need to know of them. Part of transaction.pml and hold.pml.
//
// A word: value (4 bits), whether the account has holds (1), sequence (3), tag (2), and the record
// that has reserved the account (2 bits, 0: none). A protected word is a held total or a hold; a
// hold has its status where an account has its record.
#define WORD(value, flag, sequence, tag, low)                                  \
    (((value) << 8) | ((flag) << 7) | ((sequence) << 4) | ((tag) << 2) | (low))
#define VALUE(word) ((word) >> 8)
#define HAS_HOLDS(word) (((word) >> 7) & 1)
#define SEQUENCE(word) (((word) >> 4) & 7)
#define TAG(word) (((word) >> 2) & 3)
#define RECORD_IN(word) ((word) & 3)
#define STATUS(word) ((word) & 3)
#define PLAIN(word) ((word) & ~3)
#define RETAG(word, tag) (((word) & ~12) | ((tag) << 2))

// Statuses of a hold. One that is HELD and has no value is a free slot.
#define HELD 0
#define CAPTURED 1
#define RELEASED 2
#define EXPIRED 3
#define IS_OPEN(hold) (STATUS(hold) == HELD && VALUE(hold) != 0)

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

// Legs are in the order of the accounts. `guard` is the leg whose account protects the words that
// change too, or NO_LEG.
#define NO_LEG 7
typedef record {
    byte version;
    byte phase;
    byte pins;
    byte legs;
    byte account[LEGS];
    short expected[LEGS];
    short posted[LEGS];
#ifdef HOLDS
    byte guard;
    short held_expected;
    short held_posted;
    short hold_expected;
    short hold_posted;
    byte id  // ghost: which hold the transaction is for, as placed_at
#endif
};
record pool[RECORDS + 1];  // pool[0] stays unused

#ifdef HOLDS
short held[ACCOUNTS];
short hold;
byte placed_for, placed_at;  // the hold's account, and that account's sequence when it was placed
#endif

#ifdef CUT
byte epoch = 1;
short before[ACCOUNTS];
short held_before[ACCOUNTS];
short hold_before;
#else
#define epoch 1
#endif

// Ghosts: what each sequence stood for, and what was reported.
short value_at[ACCOUNTS * 8];
byte reported[ACCOUNTS];
byte total;
byte running;

// Each sequence is made once.
#define NOTE(where, what)                                                      \
    assert(value_at[(where) * 8 + SEQUENCE(what)] == 0);                       \
    value_at[(where) * 8 + SEQUENCE(what)] = VALUE(what) + 1

#define LEG_IS(d, leg, where, what)                                            \
    (pool[d].legs > leg && pool[d].account[leg] == (where) &&                  \
     pool[d].expected[leg] == PLAIN(what))
#define HAS(d, leg)                                                            \
    (pool[d].legs <= leg ||                                                    \
     word[pool[d].account[leg]] == (pool[d].expected[leg] | d))
#if LEGS > 2
#define HAS_ALL(d) (HAS(d, 0) && HAS(d, 1) && HAS(d, 2))
#elif LEGS > 1
#define HAS_ALL(d) (HAS(d, 0) && HAS(d, 1))
#else
#define HAS_ALL(d) HAS(d, 0)
#endif

#define POSTED_LEG(d, leg, where)                                              \
    (pool[d].phase == COMMITTED && LEG_IS(d, leg, where, word[where]))
// The state an account has at this moment.
#if LEGS > 2
#define THIRD_OR_PLAIN(where)                                                  \
    (POSTED_LEG(RECORD_IN(word[where]), 2, where) ->                           \
     pool[RECORD_IN(word[where])].posted[2] : PLAIN(word[where]))
#else
#define THIRD_OR_PLAIN(where) PLAIN(word[where])
#endif
#if LEGS > 1
#define SECOND_OR_THIRD(where)                                                 \
    (POSTED_LEG(RECORD_IN(word[where]), 1, where) ->                           \
     pool[RECORD_IN(word[where])].posted[1] : THIRD_OR_PLAIN(where))
#else
#define SECOND_OR_THIRD(where) THIRD_OR_PLAIN(where)
#endif
#define NOW(where)                                                             \
    (POSTED_LEG(RECORD_IN(word[where]), 0, where) ->                           \
     pool[RECORD_IN(word[where])].posted[0] : SECOND_OR_THIRD(where))

#ifdef HOLDS
#define GUARDED(where)                                                         \
    (RECORD_IN(word[where]) != 0 && pool[RECORD_IN(word[where])].phase == COMMITTED && \
     pool[RECORD_IN(word[where])].guard < LEGS &&                              \
     LEG_IS(RECORD_IN(word[where]), pool[RECORD_IN(word[where])].guard, where, word[where]))
#define HELD_NOW(where)                                                        \
    (GUARDED(where) -> pool[RECORD_IN(word[where])].held_posted : held[where])
#endif
