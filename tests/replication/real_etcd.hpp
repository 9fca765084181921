// A cluster of real etcd processes on free ports of this machine, and what its tests share.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <cstdint>
#include <filesystem>
#include <functional>
#include <string>
#include <vector>

#include "replication/etcd_client.hpp"

namespace coffer::test {

/// Whether a program of etcd is installed. If not, prints what makes ctest say that the test was
/// skipped.
[[nodiscard]] bool has_etcd(const std::string& program = "etcd");

/// Calls `is_so` until it returns true. False if it does not within 60 seconds.
[[nodiscard]] bool comes_true(const std::function<bool()>& is_so);

/// Puts a key that does not exist, and reads it where it does.
[[nodiscard]] replication::transaction create_key(const std::string& key, const std::string& value,
                                                  std::int64_t lease = 0);

/// Thread safety: none.
class real_etcd {
public:
    struct settings {
        std::size_t members = 1;
        std::vector<std::string> arguments{};  ///< of each member, beside those of its addresses
        bool is_secure = false;                ///< its clients' addresses are https
    };

    /// Starts all members; does not wait for them. Throws std::runtime_error.
    explicit real_etcd(const settings& chosen);
    real_etcd() : real_etcd{settings{}} {}
    ~real_etcd();  ///< shows the last lines of the members where an exception ends the test
    real_etcd(const real_etcd&) = delete;
    real_etcd& operator=(const real_etcd&) = delete;

    [[nodiscard]] std::vector<std::string> urls() const;
    [[nodiscard]] replication::store_access access() const { return {urls()}; }
    /// Waits until `client` reads. Throws std::runtime_error.
    static void wait_for(replication::etcd_client& client);

    void start(std::size_t member);
    void kill(std::size_t member);
    void send(std::size_t member, int signal);
    [[nodiscard]] const std::filesystem::path& folder() const noexcept { return folder_; }
    /// The member that leads the cluster. Waits for one; throws std::runtime_error if none does.
    [[nodiscard]] std::size_t leader() const;

private:
    struct member {
        std::uint16_t client_port = 0;
        std::uint16_t peer_port = 0;
        pid_t process = 0;
    };
    [[nodiscard]] std::vector<std::string> command(std::size_t member) const;
    [[nodiscard]] std::filesystem::path log(std::size_t member) const;

    const settings chosen_;
    std::filesystem::path folder_;
    std::vector<member> members_;
};

}  // namespace coffer::test
