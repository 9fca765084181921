// The members of an etcd cluster behind one interface: keeps the connections and the user's token,
// and chooses which member is asked.
//
// A request that changes something is sent once: to another member only while nothing of it was
// sent. One that only reads is sent to the next member if one does not answer. A member that failed
// is asked after the others for a while.
//
// Thread safety  Any thread may call any member. Each call has a connection of its own.
#pragma once

#include <boost/asio/ssl/context.hpp>
#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "replication/etcd_errors.hpp"
#include "replication/replication_options.hpp"
#include "replication/store_connection.hpp"

namespace coffer::replication {

class etcd_members {
public:
    using time_point = store_connection::time_point;

    /// Throws std::invalid_argument for a URL that is none, std::runtime_error for files of TLS or
    /// a password that cannot be used.
    explicit etcd_members(const store_access& access);
    ~etcd_members();
    etcd_members(const etcd_members&) = delete;
    etcd_members& operator=(const etcd_members&) = delete;

    struct request {
        std::string_view path;
        std::string_view body{};  ///< empty: GET
        bool is_read = false;
        std::size_t most_reply_bytes = std::size_t{1} << 20;
    };
    /// Takes the body of a successful reply; false if it is not one that the request can have: the
    /// outcome is then unknown. It may throw other_cluster, which is likewise.
    using reader = std::function<bool(const std::string& body)>;
    struct outcome {
        store_error error = store_error::none;
        std::string reason{};
    };

    /// Asks the member that answered last, and others as far as that is safe.
    [[nodiscard]] outcome ask(const request& asked, time_point deadline, const reader& take);
    /// Asks this member alone, by its URL.
    [[nodiscard]] outcome ask_one(const std::string& url, const request& asked, time_point deadline,
                                  const reader& take);
    /// Follows a reply that goes on, of the member that answered last: see
    /// store_connection::follow.
    [[nodiscard]] bool follow(const request& asked, time_point deadline,
                              const std::function<bool(std::string_view)>& look);

    /// Without slashes at their ends.
    [[nodiscard]] const std::vector<std::string>& urls() const noexcept { return urls_; }

    /// A reply comes from another etcd cluster than the first one. URLs of two clusters would mean
    /// two logs. The text names both clusters.
    class other_cluster : public std::runtime_error {
        using std::runtime_error::runtime_error;
    };
    /// For a reader of replies: throws other_cluster, so that the reply is not used.
    void require_this_cluster(const std::string& cluster);

private:
    struct member;
    struct attempt : outcome {
        bool is_of_token = false;            ///< refused because of its token
        bool is_authentication_off = false;  ///< refused because the store has no users
        bool is_of_member = false;           ///< another member may do better
    };
    struct times {
        time_point connect_by;
        time_point deadline;
    };

    [[nodiscard]] std::vector<member*> in_order();
    void note(member& asked, bool is_good);
    [[nodiscard]] std::unique_ptr<store_connection> take_connection(member& to, time_point by,
                                                                    std::string& reason);
    [[nodiscard]] attempt try_member(member& to, const request& asked, times until,
                                     const reader& take);
    [[nodiscard]] attempt exchange(member& to, const request& asked, const std::string& token,
                                   times until, const reader& take);
    [[nodiscard]] static attempt no_reply(bool is_read, std::string why);
    [[nodiscard]] static attempt refusal(const http_reply& reply, bool is_read);
    [[nodiscard]] attempt log_in(member& to, const std::string& refused, times until,
                                 std::string& token);
    [[nodiscard]] std::string head_of(const member& to, const request& asked,
                                      const std::string& token) const;

    const store_access access_;
    std::vector<std::string> urls_;
    std::optional<boost::asio::ssl::context> tls_;
    std::vector<std::unique_ptr<member>> members_;
    std::mutex mutex_;
    std::size_t preferred_ = 0;  // under the mutex: answered last
    std::string cluster_;        // under the mutex: empty until there was a reply
    std::string token_;          // under the mutex
    bool has_users_ = true;      // under the mutex: false once the store answers so
};

}  // namespace coffer::replication
