#include "replication/members.hpp"

#include <algorithm>
#include <functional>
#include <utility>
#include <vector>

namespace coffer::replication {
namespace {

using subject = comparison::subject;
using relation = comparison::relation;

comparison exists(std::string key) {
    return {std::move(key), subject::create_revision, relation::greater, 0};
}

comparison is_absent(std::string key) {
    return {std::move(key), subject::create_revision, relation::equal, 0};
}

/// The part of a key behind the name of its folder.
std::string name_in(const key_range& folder, const std::string& key) {
    return key.substr(folder.key.size());
}

std::uint64_t synced_entry(const cluster_state& of, const std::string& node) {
    const auto found = of.reports.find(node);
    return found == of.reports.end() ? 0 : found->second.value.synced_entry;
}

}  // namespace

std::size_t cluster_state::have_synced(std::uint64_t entry) const {
    return static_cast<std::size_t>(std::ranges::count_if(
        members, [&](const auto& one) { return synced_entry(*this, one.first) >= entry; }));
}

std::uint64_t cluster_state::synced_by_majority() const {
    if (members.empty() || lacks_a_second())
        return 0;
    std::vector<std::uint64_t> synced;
    for (const auto& [node, url] : members)
        synced.push_back(synced_entry(*this, node));
    std::ranges::sort(synced, std::greater{});
    return synced[majority() - 1];
}

answer<cluster_state> read_cluster(key_value_store& store, const log_keys& keys,
                                   key_value_store::timeout within) {
    const transaction asked{
        .compare = {},
        .success = {operation::read(keys.members()), operation::read(keys.nodes()),
                    operation::read({keys.leader()})},
        .failure = {}};
    const auto read = store.transact(asked, within);
    if (!read)
        return {.value = {}, .error = read.error, .reason = read.reason};
    if (read.value.results.size() != asked.success.size())
        return {.value = {}, .error = store_error::refused, .reason = "an answer is incomplete"};
    cluster_state state;
    state.revision = read.value.revision;
    for (const key_value& one : read.value.results[0].found) {
        state.members.emplace(name_in(keys.members(), one.key), decode_member(one.value));
        state.is_one_enough = state.is_one_enough || is_added_member(one.value);
    }
    for (const key_value& one : read.value.results[1].found)
        if (auto report = decode_report(one.value))
            state.reports.emplace(name_in(keys.nodes(), one.key),
                                  cluster_state::reported{std::move(*report), one.mod_revision});
    for (const key_value& one : read.value.results[2].found) {
        state.term = static_cast<std::uint64_t>(one.create_revision);
        state.leader = decode_node(one.value);
    }
    return {.value = std::move(state)};
}

store_error put_report(key_value_store& store, const log_keys& keys, const std::string& node,
                       const node_report& one, key_value_store::timeout within) {
    const operation report = operation::put(keys.node(node), encode(one));
    const transaction asked{
        .compare = {exists(keys.entry(0)), is_absent(keys.node(node)),
                    is_absent(keys.member(node))},  // it may have been added by name before
        .success = {report, operation::put(keys.member(node), encode_member(one.url, false))},
        .failure = {report}};
    return store.transact(asked, within).error;
}

answer<bool> add_member(key_value_store& store, const log_keys& keys, const std::string& node,
                        const std::string& url, key_value_store::timeout within) {
    const transaction asked{
        .compare = {exists(keys.ledger())},
        .success = {operation::put(keys.member(node), encode_member(url, true))},
        .failure = {}};
    auto done = store.transact(asked, within);
    return {.value = done.value.succeeded, .error = done.error, .reason = std::move(done.reason)};
}

answer<bool> remove_member(key_value_store& store, const log_keys& keys, const std::string& node,
                           key_value_store::timeout within) {
    const transaction asked{.compare = {exists(keys.member(node))},
                            .success = {operation::remove({keys.member(node)})},
                            .failure = {}};
    auto done = store.transact(asked, within);
    return {.value = done.value.succeeded, .error = done.error, .reason = std::move(done.reason)};
}

}  // namespace coffer::replication
