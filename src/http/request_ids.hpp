// Ids of requests: each reply has one in X-Request-Id, and so has its line in the access log.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace coffer::http {

/// Whether a client's id is taken over: 1 to 128 visible ASCII characters.
[[nodiscard]] bool is_request_id(std::string_view text) noexcept;
inline constexpr std::size_t most_request_id_bytes = 128;

/// Makes the ids of the requests that have none: what is random in them tells processes apart, then
/// comes the worker's number, and a count. Costs no system call. Thread safety: none.
class request_ids {
public:
    /// Makes none: for tests that compare whole replies.
    request_ids() noexcept = default;
    /// `start` differs from process to process, `worker` from worker to worker.
    request_ids(std::uint64_t start, std::size_t worker) noexcept;

    /// Returns the next one, which is valid until the one after it; empty where none are made.
    [[nodiscard]] std::string_view next() noexcept;

    /// A random start, the same in all of this process.
    [[nodiscard]] static std::uint64_t start_of_process();

private:
    static constexpr std::size_t start_digits = 10;
    static constexpr std::size_t worker_digits = 3;
    static constexpr std::size_t count_digits = 9;
    static constexpr std::size_t size = start_digits + 1 + worker_digits + 1 + count_digits;

    std::array<char, size> text_{};
    bool makes_ids_ = false;
};

}  // namespace coffer::http
