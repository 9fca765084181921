// How often something is read again because the server has removed files meanwhile.
#pragma once

#include <chrono>

namespace coffer::audit {

/// At least five attempts, and as many as begin within ten seconds: a reader with little of a
/// processor may lose several races with a server that keeps one snapshot, and then wins one.
class retries {
public:
    /// Notes a failed attempt. Returns whether there is another.
    [[nodiscard]] bool again() noexcept {
        return ++made_ < least || std::chrono::steady_clock::now() < until_;
    }

private:
    static constexpr int least = 5;
    static constexpr std::chrono::seconds patience{10};

    int made_ = 0;
    std::chrono::steady_clock::time_point until_ = std::chrono::steady_clock::now() + patience;
};

}  // namespace coffer::audit
