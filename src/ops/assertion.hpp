// Assertions that are checked in release builds too: they end the process before an impossible
// state can move money.
//
//     invariant(!entries.contains(key), "a key is claimed by two requests at once");
//
// One condition a call, each with the reason why it cannot be false. After a broken invariant
// nothing in memory is to be trusted, so nothing more is acknowledged or written: the process logs
// the reason and aborts, and the next start recovers from the journal.
#pragma once

namespace coffer {

namespace detail {
[[noreturn, gnu::cold]] void end_by_invariant(const char* reason, const char* file,
                                              unsigned line) noexcept;
}

/// Does nothing if `holds`; otherwise logs `reason` and the caller's place, and aborts. Costs a
/// branch that is predicted. Thread safety: any thread.
inline void invariant(bool holds, const char* reason, const char* file = __builtin_FILE(),
                      unsigned line = __builtin_LINE()) noexcept {
    if (!holds) [[unlikely]]
        detail::end_by_invariant(reason, file, line);
}

}  // namespace coffer
