// The results of a batch: one envelope a line, kept until the batch has ended, and then sent.
#pragma once

#include <cstddef>
#include <deque>
#include <optional>
#include <string>
#include <string_view>

#include "api/body_stream.hpp"

namespace coffer::api {

/// Its memory is in blocks, which are freed as they are sent. Thread safety: as body_stream.
class batch_results final : public body_stream {
public:
    /// Makes room for one more result, of at most reply::least_bytes. Throws std::bad_alloc.
    void make_room();
    /// Appends a result. Does not throw if there is room.
    void add(std::string_view envelope);

    state pull(teller&, std::size_t room_bytes, std::string& out) override;
    void end_early(problem, std::string&) override {}
    [[nodiscard]] std::size_t buffered_bytes() const noexcept override;
    [[nodiscard]] std::optional<std::size_t> known_size() const noexcept override { return size_; }

private:
    std::deque<std::string> blocks_;
    std::size_t sent_bytes_ = 0;  // of the first block
    std::size_t size_ = 0;        // of what is left to be sent
};

}  // namespace coffer::api
