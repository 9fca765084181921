// How a ledger is replicated: where its log is, and what this node is called.
#pragma once

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

namespace coffer::replication {

/// How the store is reached. All files are PEM.
struct store_access {
    std::vector<std::string> urls;  ///< of its members: http:// or https://HOST:PORT
    std::string user{};             ///< empty: without a password
    std::filesystem::path password_file{};
    std::filesystem::path ca_file{};    ///< empty: the system's certificate authorities
    std::filesystem::path cert_file{};  ///< of this client; empty: none
    std::filesystem::path key_file{};
};

struct replication_options {
    store_access store;
    std::string ledger;     ///< see is_node_name
    std::string node;       ///< likewise
    std::string advertise;  ///< where clients reach this node: http:// or https://HOST:PORT
    std::chrono::milliseconds read_lease{1000};
    bool read_barrier = false;
    std::uint64_t tail_bytes = std::uint64_t{256} << 20;  ///< that stay in the store at least
    std::uint64_t quota_bytes = 0;                        ///< of the store; 0: as it reports
    std::filesystem::path token_file{};   ///< a token of scope admin, for the other nodes
    std::chrono::seconds lease{3};        ///< of the leader's key
    std::chrono::milliseconds beat{300};  ///< at most read_lease / 3
    std::chrono::milliseconds request_timeout{1000};  ///< of a request to the store

    [[nodiscard]] bool is_replicated() const noexcept { return !store.urls.empty(); }
};

}  // namespace coffer::replication
