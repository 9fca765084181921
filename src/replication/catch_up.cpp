#include "replication/catch_up.hpp"

#include <algorithm>
#include <cstddef>
#include <span>
#include <stdexcept>
#include <string_view>
#include <thread>
#include <utility>

#include "journal/format.hpp"
#include "ops/stopping.hpp"
#include "replication/node_download.hpp"

namespace coffer::replication {
namespace {

using std::chrono::steady_clock;

constexpr std::chrono::milliseconds pause_between_attempts{200};

/// Finds batches in bytes that come in pieces. Keeps less than one batch between two pieces.
class batch_stream {
public:
    struct handlers {
        std::function<void(const journal::batch_position&)> begin;
        std::function<void(const journal::batch_view&)> take;
    };

    /// `after` is not known where there is a handler for the beginning.
    batch_stream(const journal::batch_position& after, std::string source, handlers to)
        : position_{after}, source_{std::move(source)}, to_{std::move(to)} {}

    [[nodiscard]] const journal::batch_position& position() const noexcept { return position_; }

    void feed(std::string_view piece) {
        kept_.append(piece);
        const std::span<const std::byte> all = std::as_bytes(std::span{kept_});
        std::size_t at = 0;
        while (const std::size_t bytes = whole_batch(all.subspan(at))) {
            accept(all.subspan(at, bytes));
            at += bytes;
        }
        kept_.erase(0, at);
    }

    /// Forgets a batch that is not whole: a new connection begins with a whole one.
    void restart() noexcept {
        kept_.clear();
        is_near_ = true;
    }
    [[nodiscard]] bool is_between_batches() const noexcept { return kept_.empty(); }

private:
    [[noreturn]] void fail(const std::string& why) const {
        throw std::runtime_error{source_ + ": the journal behind record " +
                                 std::to_string(position_.next_record - 1) + ": " + why};
    }

    /// The size of the batch that the bytes begin with; 0 if it is not whole.
    [[nodiscard]] std::size_t whole_batch(std::span<const std::byte> bytes) const {
        if (bytes.size() < journal::format::batch::header_bytes_1)
            return 0;
        const journal::checked_header header = journal::check_header(bytes);
        if (header.error != journal::batch_error::none)
            fail(describe(header.error));
        return bytes.size() < header.value.bytes ? 0 : header.value.bytes;
    }

    void accept(std::span<const std::byte> bytes) {
        const journal::checked_batch one = journal::check_batch(bytes);
        if (one.error != journal::batch_error::none)
            fail(describe(one.error));
        const journal::batch_header& header = one.value.header;
        if (to_.begin) {
            position_ = {.next_record = header.first_record, .chain = header.chain};
            to_.begin(position_);
            to_.begin = nullptr;
        }
        const journal::batch_error follows = journal::check_follows(header, position_);
        // Batches without records that are before the place may come first.
        if (follows != journal::batch_error::none && is_near_ && header.records == 0)
            return;
        if (follows != journal::batch_error::none)
            fail(std::string{"it has another history: "} + describe(follows));
        if (const auto refused = journal::check_records(one.value); !refused.reason.empty())
            fail(refused.reason);
        to_.take(one.value);
        position_ = one.value.after();
        is_near_ = false;
    }

    journal::batch_position position_;
    const std::string source_;
    handlers to_;
    std::string kept_;
    bool is_near_ = true;  // nothing that follows has come by this connection
};

journal::batch_position copy(const other_node& from, batch_stream batches,
                             std::chrono::milliseconds patience) {
    auto last_progress = steady_clock::now();
    for (;;) {
        stopping::check();
        const std::uint64_t last = batches.position().next_record - 1;
        batches.restart();
        try {
            get(from,
                {.target = "/admin/journal?after=" + std::to_string(last), .patience = patience},
                [&](std::string_view piece) {
                    batches.feed(piece);
                    last_progress = steady_clock::now();
                });
            if (!batches.is_between_batches())
                throw node_unavailable{from.url + ": the journal ends within a batch"};
            return batches.position();
        } catch (const node_unavailable&) {
            if (steady_clock::now() - last_progress >= patience)
                throw;
        }
        std::this_thread::sleep_for(pause_between_attempts);
    }
}

}  // namespace

journal::batch_position copy_journal(const other_node& from, const journal::batch_position& after,
                                     const std::function<void(const journal::batch_view&)>& take,
                                     std::chrono::milliseconds patience) {
    return copy(from, {after, from.url, {nullptr, take}}, patience);
}

journal::batch_position copy_journal_from(
    const other_node& from, std::uint64_t after,
    const std::function<void(const journal::batch_position&)>& begin,
    const std::function<void(const journal::batch_view&)>& take,
    std::chrono::milliseconds patience) {
    return copy(from, {{.next_record = after + 1}, from.url, {begin, take}}, patience);
}

}  // namespace coffer::replication
