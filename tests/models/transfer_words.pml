// What a transfer is made of: the accounts' words, the descriptors, and what the assertions need to
// know of both. Part of transfer.pml, which says which scenarios and variants there are.
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
