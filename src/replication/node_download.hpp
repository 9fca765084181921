// Downloads from another node over HTTP, piece by piece: bodies of any length, in little memory.
//
// Follows a redirection to the leader, three times at most, with the token. A node that does not
// answer, is not ready, or breaks off can be asked again: node_unavailable.
//
// Thread safety  One thread at a time.
#pragma once

#include <chrono>
#include <filesystem>
#include <functional>
#include <stdexcept>
#include <string>
#include <string_view>

#include "replication/catch_up.hpp"

namespace coffer::replication {

/// The node cannot be reached, is not ready, or has broken off: it may be asked again.
class node_unavailable : public std::runtime_error {
    using std::runtime_error::runtime_error;
};

/// The node has refused what it was asked for.
class node_refusal : public std::runtime_error {
public:
    node_refusal(unsigned status, const std::string& why)
        : std::runtime_error{why}, status_{status} {}
    [[nodiscard]] unsigned status() const noexcept { return status_; }

private:
    unsigned status_;
};

struct download {
    std::string method = "GET";
    std::string target;  ///< path and query
    /// How long the connection, the reply's head and each piece of its body may take.
    std::chrono::milliseconds patience{10'000};
};

/// The first line of a file of --node-token; empty without a file. Throws std::runtime_error, which
/// names the file, if there is none or it cannot be read.
[[nodiscard]] std::string read_node_token(const std::filesystem::path& file);

/// Calls `take` with each piece of the body of a reply with the status 200. `take` may throw.
/// Throws node_unavailable, node_refusal, std::runtime_error for a token or a certificate that
/// cannot be read, stopping::stopped.
void get(const other_node& from, const download& asked,
         const std::function<void(std::string_view)>& take);

/// The whole body, if it has `most_bytes` at most. Throws likewise.
[[nodiscard]] std::string get_text(const other_node& from, const download& asked,
                                   std::size_t most_bytes = std::size_t{1} << 20);

}  // namespace coffer::replication
