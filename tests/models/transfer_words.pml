// What a transfer is made of: the accounts' words, the records, and what the assertions need to
// know of both. Part of transfer.pml, which says which scenarios and variants there are.
// A word: balance (4 bits), sequence (3 bits), tag (2 bits), the record that has it in hand (2
// bits, 0: none).
#define WORD(balance, sequence, tag) (((balance) << 7) | ((sequence) << 4) | ((tag) << 2))
#define BALANCE(word) ((word) >> 7)
#define SEQUENCE(word) (((word) >> 4) & 7)
#define TAG(word) (((word) >> 2) & 3)
#define HOLDER(word) ((word) & 3)
#define PLAIN(word) ((word) & ~3)
#define RETAG(word, tag) (((word) & ~15) | ((tag) << 2))
#define POSTED(word, change, tag) WORD(BALANCE(word) + (change), SEQUENCE(word) + 1, tag)

#if defined(CHAIN) || defined(LATE)
#define ACCOUNTS 3
#define LAST C
#else
#define ACCOUNTS 2
#define LAST B
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

// What a transfer is about: leg 0 is the lower account's, leg 1 the higher one's.
typedef legs {
    byte account[2];
    short expected[2];
    short gain[2];
};
#define IN_HAND(about, leg, d) (about.expected[leg] | (d))
#define DESIRED(about, leg) POSTED(about.expected[leg], about.gain[leg], TAG(about.expected[leg]))

// version and phase are one status word, pins another. Only who has no pin needs the version.
typedef record {
    byte version;
    byte phase;
    byte pins;
    legs about
};
record pool[RECORDS + 1];  // pool[0] stays unused

#ifdef CUT
byte epoch = 1;
short before[ACCOUNTS];
#else
#define epoch 1
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

#define LEG_IS(d, leg, where, what)      \
    (pool[d].about.account[leg] == (where) && pool[d].about.expected[leg] == PLAIN(what))

// A word in hand belongs to what its record is about, and the record to somebody.
#define IN_ORDER(where)                                                   \
    (HOLDER(word[where]) == 0 ||                                          \
     (pool[HOLDER(word[where])].phase >= UNDECIDED &&                     \
      (LEG_IS(HOLDER(word[where]), 0, where, word[where]) ||              \
       LEG_IS(HOLDER(word[where]), 1, where, word[where]))))

// What somebody took down of a record is what it is about.
#define SAME_LEG(d, taken, leg)                            \
    (pool[d].about.account[leg] == taken.account[leg] &&   \
     pool[d].about.expected[leg] == taken.expected[leg] && \
     pool[d].about.gain[leg] == taken.gain[leg])
#define SAME(d, taken) (SAME_LEG(d, taken, 0) && SAME_LEG(d, taken, 1))

#define HAS_BOTH(d)                                                       \
    (word[pool[d].about.account[0]] == IN_HAND(pool[d].about, 0, d) &&    \
     word[pool[d].about.account[1]] == IN_HAND(pool[d].about, 1, d))

#define TAKEN(d, leg, where)                                              \
    (pool[d].phase == COMMITTED && LEG_IS(d, leg, where, word[where]))
// The value an account has at this moment.
#define LOGICAL(where)                                                                     \
    (TAKEN(HOLDER(word[where]), 0, where) -> DESIRED(pool[HOLDER(word[where])].about, 0) : \
    (TAKEN(HOLDER(word[where]), 1, where) -> DESIRED(pool[HOLDER(word[where])].about, 1) : \
     PLAIN(word[where])))
