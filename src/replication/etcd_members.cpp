#include "replication/etcd_members.hpp"

#include <algorithm>
#include <atomic>
#include <fstream>
#include <stdexcept>
#include <utility>

#include "replication/etcd_json.hpp"
#include "replication/host_lookup.hpp"
#include "replication/store_tls.hpp"
#include "replication/store_url.hpp"

namespace coffer::replication {
namespace {

using std::chrono::steady_clock;

/// How long a member that failed is asked after the others.
constexpr std::chrono::seconds avoided_for{5};
/// Of one member: as many as have been in use at once, and no more than these.
constexpr std::size_t most_idle_connections = 8;
constexpr std::size_t most_password_bytes = 1024;
constexpr unsigned status_ok = 200;

std::string read_password(const std::filesystem::path& file) {
    std::ifstream in{file};
    std::string line;
    if (!std::getline(in, line) || line.empty() || line.size() > most_password_bytes)
        throw std::runtime_error{"password file " + file.string() +
                                 ": its first line is no "
                                 "password, or cannot be read"};
    if (line.back() == '\r')
        line.pop_back();
    return line;
}

}  // namespace

struct etcd_members::member {
    explicit member(store_url at) : url{std::move(at)}, lookup{url.host, url.port} {}

    const store_url url;
    host_lookup lookup;
    std::mutex mutex;
    std::vector<std::unique_ptr<store_connection>> idle;  // under the mutex
    /// Relaxed: it decides the order of asking alone.
    std::atomic<steady_clock::time_point> avoided_until{};

    void keep(std::unique_ptr<store_connection> connection) {
        if (!connection->is_usable())
            return;
        const std::lock_guard lock{mutex};
        if (idle.size() < most_idle_connections)
            idle.push_back(std::move(connection));
    }
    std::unique_ptr<store_connection> take_idle() {
        const std::lock_guard lock{mutex};
        while (!idle.empty()) {
            std::unique_ptr<store_connection> last = std::move(idle.back());
            idle.pop_back();
            if (last->is_usable())
                return last;
        }
        return nullptr;
    }
};

etcd_members::etcd_members(const store_access& access) : access_{access}, urls_{access.urls} {
    if (urls_.empty())
        throw std::invalid_argument{"the store has no URL"};
    bool is_secure = false;
    for (std::string& url : urls_) {
        members_.push_back(std::make_unique<member>(parse_store_url(url)));
        url = members_.back()->url.text;
        is_secure = is_secure || members_.back()->url.is_secure;
    }
    // What is named is read also where nothing needs it yet.
    if (is_secure || !access_.ca_file.empty() || !access_.cert_file.empty() ||
        !access_.key_file.empty())
        tls_.emplace(make_store_tls(access_));
    if (!access_.user.empty() || !access_.password_file.empty())
        (void)read_password(access_.password_file);
}

etcd_members::~etcd_members() = default;

// From the one that answered last, those to avoid at the end.
std::vector<etcd_members::member*> etcd_members::in_order() {
    std::size_t first = 0;
    {
        const std::lock_guard lock{mutex_};
        first = preferred_;
    }
    const auto now = steady_clock::now();
    std::vector<std::pair<steady_clock::time_point, member*>> ordered;
    for (std::size_t index = 0; index < members_.size(); ++index) {
        member* const each = members_[(first + index) % members_.size()].get();
        const auto until = each->avoided_until.load(std::memory_order_relaxed);
        ordered.emplace_back(until > now ? until : steady_clock::time_point{}, each);
    }
    std::ranges::stable_sort(ordered, {}, [](const auto& one) { return one.first; });
    std::vector<member*> found;
    for (const auto& one : ordered)
        found.push_back(one.second);
    return found;
}

void etcd_members::note(member& asked, bool is_good) {
    asked.avoided_until.store(
        is_good ? steady_clock::time_point{} : steady_clock::now() + avoided_for,
        std::memory_order_relaxed);
    if (!is_good)
        return;
    const std::lock_guard lock{mutex_};
    if (members_[preferred_].get() == &asked)
        return;
    for (std::size_t index = 0; index < members_.size(); ++index)
        if (members_[index].get() == &asked)
            preferred_ = index;
}

std::unique_ptr<store_connection> etcd_members::take_connection(member& to, time_point by,
                                                                std::string& reason) {
    if (auto idle = to.take_idle())
        return idle;
    const host_lookup::endpoints addresses = to.lookup.find(by);
    if (addresses.empty()) {
        reason = "its host was not found";
        return nullptr;
    }
    auto made = std::make_unique<store_connection>(to.url.is_secure ? &*tls_ : nullptr);
    if (made->connect(addresses, to.url.host, by))
        return made;
    to.lookup.forget();
    reason = made->reason();
    return nullptr;
}

std::string etcd_members::head_of(const member& to, const request& asked,
                                  const std::string& token) const {
    std::string head;
    head.reserve(256 + token.size());
    head += asked.body.empty() ? "GET " : "POST ";
    head += asked.path;
    head += " HTTP/1.1\r\nHost: ";
    head += to.url.authority();
    if (!token.empty()) {
        head += "\r\nAuthorization: ";
        head += token;
    }
    if (!asked.body.empty()) {
        head += "\r\nContent-Type: application/json\r\nContent-Length: ";
        head += std::to_string(asked.body.size());
    }
    head += "\r\n\r\n";
    return head;
}

etcd_members::attempt etcd_members::exchange(member& to, const request& asked,
                                             const std::string& token, times until,
                                             const reader& take) {
    attempt result;
    auto connection = take_connection(to, until.connect_by, result.reason);
    if (connection == nullptr) {
        result.error = store_error::unavailable;
        result.is_of_member = true;
        return result;
    }
    const auto got = connection->exchange(head_of(to, asked, token), asked.body, until.deadline,
                                          asked.most_reply_bytes);
    if (!got.reply) {
        result.error = got.is_sent ? store_error::unknown : store_error::unavailable;
        result.reason = connection->reason();
        result.is_of_member = true;
        return result;
    }
    to.keep(std::move(connection));
    try {
        if (got.reply->status == status_ok && take(got.reply->body))
            return result;
    } catch (const other_cluster& wrong) {
        return no_reply(asked.is_read, wrong.what());
    }
    return refusal(*got.reply, asked.is_read);
}

/// Of something between here and etcd, or of no etcd of this cluster.
etcd_members::attempt etcd_members::no_reply(bool is_read, std::string why) {
    attempt result;
    result.error = is_read ? store_error::refused : store_error::unknown;
    result.reason = std::move(why);
    result.is_of_member = true;
    return result;
}

etcd_members::attempt etcd_members::refusal(const http_reply& reply, bool is_read) {
    attempt result;
    const bool is_json = reply.content_type.starts_with("application/json");
    if (const auto error = is_json ? etcd_json::read_error(reply.body) : std::nullopt) {
        result.error = classify(*error);
        result.reason = error->message;
        result.is_of_token = is_of_token(*error);
        result.is_authentication_off = is_authentication_off(*error);
        result.is_of_member = is_of_member(*error);
        return result;
    }
    return no_reply(
        is_read, reply.status == status_ok
                     ? "its answer is none of etcd's"
                     : "its answer is none of etcd's: HTTP status " + std::to_string(reply.status));
}

// Nothing of the request itself has been sent when this returns.
etcd_members::attempt etcd_members::log_in(member& to, const std::string& refused, times until,
                                           std::string& token) {
    {
        const std::lock_guard lock{mutex_};
        if (token_ != refused) {  // another thread has a newer one
            token = token_;
            return {};
        }
    }
    attempt result;
    std::string body;
    try {
        body = etcd_json::login_text(access_.user, read_password(access_.password_file));
    } catch (const std::runtime_error& unreadable) {
        result.error = store_error::denied;
        result.reason = unreadable.what();
        return result;
    }
    const request asked{"/v3/auth/authenticate", body, false};
    result = exchange(to, asked, {}, until, [&token](const std::string& reply) {
        const auto found = etcd_json::read_token(reply);
        token = found.value_or(std::string{});
        return found.has_value();
    });
    const std::lock_guard lock{mutex_};
    if (result.is_authentication_off) {
        has_users_ = false;
        token_.clear();
        token.clear();
        return {};
    }
    if (result.error == store_error::none) {
        has_users_ = true;
        token_ = token;
    } else if (result.error != store_error::denied) {
        result.error = store_error::unavailable;
    }
    return result;
}

etcd_members::attempt etcd_members::try_member(member& to, const request& asked, times until,
                                               const reader& take) {
    if (access_.user.empty())
        return exchange(to, asked, {}, until, take);
    std::string token;
    bool has_users = true;
    {
        const std::lock_guard lock{mutex_};
        token = token_;
        has_users = has_users_;
    }
    if (token.empty() && has_users)
        if (auto failed = log_in(to, token, until, token); failed.error != store_error::none)
            return failed;
    attempt result = exchange(to, asked, token, until, take);
    if (!result.is_of_token)
        return result;
    const std::string refused = token;
    if (auto failed = log_in(to, refused, until, token); failed.error != store_error::none)
        return failed;
    return exchange(to, asked, token, until, take);
}

etcd_members::outcome etcd_members::ask(const request& asked, time_point deadline,
                                        const reader& take) {
    attempt result;
    const std::vector<member*> order = in_order();
    for (member* const to : order) {
        const auto now = steady_clock::now();
        if (to != order.front() && now >= deadline)
            break;
        // Each but the last leaves as much time as it takes.
        const auto share = to == order.back() ? deadline : now + (deadline - now) / 2;
        result = try_member(*to, asked, {share, asked.is_read ? share : deadline}, take);
        note(*to, !result.is_of_member);
        if (result.error == store_error::none)
            break;
        result.reason = to->url.text + ": " + result.reason;
        const bool may_go_on =
            asked.is_read ? result.is_of_member : result.error == store_error::unavailable;
        if (!may_go_on)
            break;
    }
    return result;
}

etcd_members::outcome etcd_members::ask_one(const std::string& url, const request& asked,
                                            time_point deadline, const reader& take) {
    for (const auto& one : members_) {
        if (one->url.text != url)
            continue;
        attempt result = try_member(*one, asked, {deadline, deadline}, take);
        if (result.error != store_error::none)
            result.reason = url + ": " + result.reason;
        return result;
    }
    return {store_error::refused, url + " is none of the members"};
}

bool etcd_members::follow(const request& asked, time_point deadline,
                          const std::function<bool(std::string_view)>& look) {
    member& to = *in_order().front();
    std::string token;
    {
        const std::lock_guard lock{mutex_};
        token = token_;
    }
    std::string reason;
    const auto connection = take_connection(to, deadline, reason);
    if (connection == nullptr) {
        note(to, false);
        return false;
    }
    return connection->follow(head_of(to, asked, token), asked.body, deadline,
                              asked.most_reply_bytes, look);
}

void etcd_members::require_this_cluster(const std::string& cluster) {
    const std::lock_guard lock{mutex_};
    if (cluster_.empty())
        cluster_ = cluster;
    if (cluster_ != cluster)
        throw other_cluster{"it is of another etcd cluster, with the id " + cluster +
                            ", than the first that answered, with the id " + cluster_};
}

}  // namespace coffer::replication
