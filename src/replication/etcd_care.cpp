// The part of etcd_client that is store_care.
#include <charconv>
#include <cmath>
#include <limits>
#include <stdexcept>

#include "replication/etcd_client.hpp"
#include "replication/etcd_json.hpp"
#include "replication/etcd_members.hpp"

namespace coffer::replication {
namespace {

using std::chrono::steady_clock;

constexpr std::size_t most_metrics_bytes = std::size_t{4} << 20;

/// A figure of a page of metrics, which is written as a decimal or with an exponent. 0 if there is
/// none.
std::uint64_t figure(std::string_view page, std::string_view name) noexcept {
    std::size_t at = 0;
    while ((at = page.find(name, at)) != std::string_view::npos) {
        const bool begins_line = at == 0 || page[at - 1] == '\n';
        at += name.size();
        if (!begins_line || at >= page.size() || page[at] != ' ')
            continue;
        double value = 0;
        std::from_chars(page.data() + at + 1, page.data() + page.size(), value);
        const bool is_size = value >= 0 && value < 0x1p63;
        return is_size ? static_cast<std::uint64_t>(value) : 0;
    }
    return 0;
}

/// As etcd_members does, of a reply with a header.
void require_this_cluster(etcd_members& members, const std::string& reply) {
    if (const auto header = etcd_json::read_plain(reply); header && !header->cluster.empty())
        members.require_this_cluster(header->cluster);
}

store_size size_in(std::string_view page) noexcept {
    return {figure(page, "etcd_mvcc_db_total_size_in_bytes"),
            figure(page, "etcd_mvcc_db_total_size_in_use_in_bytes"),
            figure(page, "etcd_server_quota_backend_bytes"),
            figure(page, "etcd_server_is_leader") == 1};
}

}  // namespace

const std::vector<std::string>& etcd_client::members() const noexcept {
    return members_->urls();
}

void etcd_client::require_one_cluster(timeout within) {
    for (const std::string& member : members_->urls()) {
        std::string of_another;
        static_cast<void>(members_->ask_one(member, {"/v3/maintenance/status", "{}", true},
                                            steady_clock::now() + within,
                                            [&](const std::string& reply) {
                                                try {
                                                    require_this_cluster(*members_, reply);
                                                } catch (const etcd_members::other_cluster& wrong) {
                                                    of_another = wrong.what();
                                                }
                                                return true;
                                            }));
        if (!of_another.empty())
            throw std::runtime_error{"etcd's " + member + ": " + of_another};
    }
}

answer<store_size> etcd_client::size_of(const std::string& member, timeout within) {
    const auto deadline = steady_clock::now() + within;
    store_size size;
    auto result = members_->ask_one(member, {"/metrics", {}, true, most_metrics_bytes}, deadline,
                                    [&size](const std::string& page) {
                                        size = size_in(page);
                                        return size.database_bytes != 0;
                                    });
    if (result.error == store_error::none)
        return {size};
    // A member may keep its metrics for another address.
    result = members_->ask_one(member, {"/v3/maintenance/status", "{}", true}, deadline,
                               [&](const std::string& reply) {
                                   require_this_cluster(*members_, reply);
                                   const auto found = etcd_json::read_status(reply);
                                   if (found)
                                       size = {found->database_bytes, found->used_bytes, 0};
                                   return found.has_value();
                               });
    return {size, result.error, std::move(result.reason)};
}

store_error etcd_client::compact(std::int64_t revision, timeout within) {
    // `physical`: answered when the pages are free, so that defragmenting gives them back.
    const std::string body =
        R"({"revision":")" + std::to_string(revision) + R"(","physical":true})";
    const auto result =
        members_->ask({"/v3/kv/compaction", body, false}, steady_clock::now() + within,
                      [this](const std::string& reply) {
                          require_this_cluster(*members_, reply);
                          return etcd_json::read_plain(reply).has_value();
                      });
    return result.error == store_error::compacted ? store_error::none : result.error;
}

store_error etcd_client::defragment(const std::string& member, timeout within) {
    return members_
        ->ask_one(member, {"/v3/maintenance/defragment", "{}", false}, steady_clock::now() + within,
                  [](const std::string& reply) { return !etcd_json::read_error(reply); })
        .error;
}

answer<bool> etcd_client::has_space_alarm(timeout within) {
    bool is_raised = false;
    auto result =
        members_->ask({"/v3/maintenance/alarm", R"({"action":"GET","alarm":"NOSPACE"})", true},
                      steady_clock::now() + within, [&](const std::string& reply) {
                          require_this_cluster(*members_, reply);
                          const auto found = etcd_json::read_space_alarms(reply);
                          is_raised = found.has_value() && !found->empty();
                          return found.has_value();
                      });
    return {is_raised, result.error, std::move(result.reason)};
}

store_error etcd_client::disarm_space_alarm(timeout within) {
    const auto deadline = steady_clock::now() + within;
    std::vector<std::uint64_t> raised;
    const auto read = [&](const std::string& reply) {
        require_this_cluster(*members_, reply);
        auto found = etcd_json::read_space_alarms(reply);
        if (found)
            raised = *std::move(found);
        return found.has_value();
    };
    auto result = members_->ask(
        {"/v3/maintenance/alarm", R"({"action":"GET","alarm":"NOSPACE"})", true}, deadline, read);
    const std::vector<std::uint64_t> members = raised;
    for (const std::uint64_t member : members) {
        if (result.error != store_error::none)
            break;
        const std::string body = R"({"action":"DEACTIVATE","alarm":"NOSPACE","memberID":")" +
                                 std::to_string(member) + R"("})";
        result = members_->ask({"/v3/maintenance/alarm", body, false}, deadline, read);
    }
    return result.error;
}

}  // namespace coffer::replication
