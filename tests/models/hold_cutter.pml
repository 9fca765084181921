// The cut beside holds: accounts first, then what they protect. Part of hold.pml.

// Leaves x the state that `now` has in the cut; 0 if none.
inline visit(now, prior) {
    do
    :: true ->
        x = now;
        if
        :: TAG(x) == epoch ->
            atomic { x = (TAG(prior) == epoch -> prior : 0); break }
        :: TAG(x) != epoch ->
            atomic {
                if
                :: now == x -> now = RETAG(x, epoch); break
                :: else -> x = 0
                fi
            }
        fi
    od
}

proctype cutter() {
    HELPER_LOCALS;
    byte account, cuts, booked, of_it_held, in_holds;
    do
    :: cuts < CUTS ->
        epoch++;
#ifdef PROTECTED_FIRST
        visit(held[OWNER], held_before[OWNER]);
        of_it_held = VALUE(x);
        visit(hold, hold_before);
        atomic { in_holds = (IS_OPEN(x) -> VALUE(x) : 0); booked = of_it_held; x = 0 };
#endif
        do
        :: account < ACCOUNTS ->
            x = word[account];
            if
            :: TAG(x) != epoch && RECORD_IN(x) != 0 -> settle(account, x)
            :: TAG(x) == epoch ->
                atomic { x = before[account]; assert(TAG(x) == epoch) };
                goto visited
            :: else ->
                atomic {
                    if
                    :: word[account] == x -> word[account] = RETAG(x, epoch); goto visited
                    :: else -> x = 0
                    fi
                }
            fi;
            if
            :: false ->
visited:
                booked = booked + VALUE(x);
#ifndef PROTECTED_FIRST
                // Of an account without holds it is 0, and need not be moved.
                if
                :: HAS_HOLDS(x) ->
                    visit(held[account], held_before[account]);
                    atomic {
                        assert(VALUE(x) != 0);
                        booked = booked + VALUE(x);
                        of_it_held = of_it_held + VALUE(x)
                    }
                :: else
                fi;
#endif
                atomic { x = 0; account++ }
            :: else
            fi
        :: else -> break
        od;
#ifndef PROTECTED_FIRST
        visit(hold, hold_before);
        atomic { in_holds = (IS_OPEN(x) -> VALUE(x) : 0); x = 0 };
#endif
        atomic {
            assert(booked == total);
            assert(of_it_held == in_holds);
            account = 0; booked = 0; of_it_held = 0; in_holds = 0; cuts++
        }
    :: else -> break
    od;
    atomic { cuts = 0; running-- }
}
