// How full the store is, and whether there is room in it for postings.
//
// A store whose quota is used up raises an alarm, and takes nothing more until somebody has made
// room: no entry, and no lease, so that no node could become the leader either. So postings are
// refused before that, from four fifths of the quota on. A size is as of the moment at which the
// member was asked. So what was appended since counts as well, and the members are asked again
// after a second, or once a 32nd of the quota was appended.
//
// Thread safety  measure is for one thread at a time, the others for any.
#pragma once

#include <chrono>
#include <cstdint>
#include <mutex>
#include <vector>

#include "replication/store_care.hpp"

namespace coffer::replication {

class store_room {
public:
    /// What etcd has where it was started without another.
    static constexpr std::uint64_t default_quota_bytes = std::uint64_t{2} << 30;

    struct settings {
        std::uint64_t quota_bytes = 0;  ///< 0: the least that a member reports, or else the default
        std::chrono::nanoseconds measure_every = std::chrono::seconds{1};
        store_care::timeout within{500};
    };

    store_room(store_care& care, const settings& chosen) : care_{care}, chosen_{chosen} {}

    /// `appended` is how many bytes were appended to the log so far, `now` any clock that goes on.
    [[nodiscard]] bool is_due(std::uint64_t appended, std::chrono::nanoseconds now) const;
    /// Asks all members. Those that do not answer do not count: they have what the others have. If
    /// none answers, the sizes from before count.
    void measure(std::uint64_t appended, std::chrono::nanoseconds now);

    struct figures {
        std::uint64_t database_bytes = 0;  ///< of the member that has most, with what was appended
        std::uint64_t used_bytes = 0;      ///< of that member, likewise
        std::uint64_t quota_bytes = 0;
        bool is_full = false;   ///< postings must be refused: it stays so down to three quarters
        bool is_tight = false;  ///< room has to be made: from 65 % on
    };
    /// All zero before any member has answered.
    [[nodiscard]] figures now(std::uint64_t appended) const;
    /// The quota when it was measured last, or the default.
    [[nodiscard]] std::uint64_t quota_bytes() const;

private:
    [[nodiscard]] std::uint64_t quota() const;
    [[nodiscard]] figures estimate(std::uint64_t appended) const;

    store_care& care_;
    const settings chosen_;
    mutable std::mutex mutex_;             // of what follows
    std::vector<store_size> sizes_;        // of those that have answered
    std::uint64_t sized_at_appended_ = 0;  // what was appended when they were asked
    std::uint64_t appended_ = 0;           // likewise, whether they have answered or not
    std::chrono::nanoseconds measured_at_{0};
    bool was_measured_ = false;
    bool is_full_ = false;
};

}  // namespace coffer::replication
