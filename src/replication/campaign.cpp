#include "replication/campaign.hpp"

#include <algorithm>
#include <boost/json.hpp>
#include <boost/system/error_code.hpp>
#include <exception>
#include <utility>

#include "replication/fenced_append.hpp"
#include "replication/log_entry.hpp"

namespace coffer::replication {
namespace {

std::string text_of(const boost::json::object& from, const char* member) {
    const auto* const found = from.if_contains(member);
    const auto* const text = found == nullptr ? nullptr : found->if_string();
    return text == nullptr ? std::string{} : std::string{text->data(), text->size()};
}

/// Whatever was put there by hand leads too, and has no name.
campaign::incumbent decoded(const key_value& one) {
    campaign::incumbent found;
    found.revision = one.create_revision;
    boost::system::error_code error;
    const boost::json::value value = boost::json::parse(one.value, error);
    if (const auto* const members = error ? nullptr : value.if_object()) {
        found.node = text_of(*members, "node");
        found.url = text_of(*members, "url");
    }
    return found;
}

}  // namespace

campaign::campaign(key_value_store& store, log_keys keys, settings chosen)
    : store_{store}, keys_{std::move(keys)}, chosen_{std::move(chosen)} {}

answer<std::optional<campaign::incumbent>> campaign::find_leader() {
    auto found = store_.read({.key = keys_.leader()}, chosen_.within);
    if (!found)
        return {{}, found.error, std::move(found.reason)};
    if (found.value.found.empty())
        return {};
    return {decoded(found.value.found[0])};
}

std::string campaign::value_of_key() const {
    return boost::json::serialize(
        boost::json::object{{"node", chosen_.node}, {"url", chosen_.url}});
}

answer<bool> campaign::stand() {
    if (lease_.id == 0) {
        auto granted = store_.grant_lease(chosen_.lease, chosen_.within);
        if (!granted)
            return {{}, granted.error, std::move(granted.reason)};
        lease_ = granted.value;
    }
    transaction asked;
    asked.compare = {
        {keys_.leader(), comparison::subject::create_revision, comparison::relation::equal, 0}};
    asked.success = {operation::put(keys_.leader(), value_of_key(), lease_.id)};
    asked.failure = {operation::read({.key = keys_.leader()})};
    auto found = store_.transact(asked, chosen_.within);
    if (!found) {
        if (found.error == store_error::no_lease)
            lease_ = {};
        return {{}, found.error, std::move(found.reason)};
    }
    if (found.value.succeeded) {
        revision_ = static_cast<std::uint64_t>(found.value.revision);
        return {true};
    }
    // The key may be of an earlier attempt whose answer was lost: a lease is one node's alone.
    const auto& leader = found.value.results.at(0).found;
    if (leader.empty() || leader[0].lease != lease_.id)
        return {false};
    revision_ = static_cast<std::uint64_t>(leader[0].create_revision);
    return {true};
}

/// The longer one of this node's and of the leader before, who may have another and still answers,
/// unless it has handed over. Of earlier leaders none does: replicated_log::make_attempt.
std::chrono::milliseconds campaign::read_lease_after(const log_reader::place& read) const {
    return read.kind == entry_kind::released ? chosen_.read_lease
                                             : std::max(chosen_.read_lease, read.read_lease);
}

void campaign::make_barrier(const log_reader::place& read) {
    log_entry one{.kind = entry_kind::term_begins,
                  .number = read.number + 1,
                  .term = revision_,
                  .nonce = chosen_.random(),
                  .is_opening = read.is_opening,
                  .after = read.after,
                  .ledger = chosen_.ledger,
                  .read_lease = read_lease_after(read),
                  .node = chosen_.node};
    one.total_bytes = read.total_bytes + bytes_of(one);
    barrier_ = encode(one);
    at_barrier_ = log_reader::after(one);
    is_handed_over_ = read.kind == entry_kind::released;
}

won_term campaign::won() const {
    won_term term{.number = revision_,
                  .lease = lease_.id,
                  .lease_time = lease_.time_to_live,
                  .barrier = at_barrier_,
                  .was_handed_over = is_handed_over_,
                  .barrier_at = chosen_.boottime()};
    term.answer_from = term.barrier_at;
    if (!is_handed_over_)
        term.answer_from += won_term::wait_at_takeover(at_barrier_.read_lease);
    return term;
}

void campaign::forget_key() noexcept {
    revision_ = 0;
    barrier_.clear();
}

answer<std::optional<won_term>> campaign::append_barrier(const log_reader::place& read) {
    if (revision_ == 0)
        return {{}, store_error::no_lease, "this node does not have the leader's key"};
    // The reader may have found the barrier of a lost answer.
    if (!barrier_.empty() && read.number == at_barrier_.number && read.term == revision_)
        return {won()};
    if (barrier_.empty() || at_barrier_.number <= read.number)
        make_barrier(read);
    transaction asked = fenced_append(keys_, revision_, at_barrier_.number, barrier_);
    key_range entries = keys_.entries(at_barrier_.number);
    entries.limit = 1;
    entries.keys_only = true;
    asked.failure.push_back(operation::read(std::move(entries)));
    auto found = store_.transact(asked, chosen_.within);
    if (!found) {
        // Carried out or not, it is sent again as it is.
        const bool may_be_there =
            found.error == store_error::unknown || found.error == store_error::no_space;
        return {{}, may_be_there ? store_error::unknown : found.error, std::move(found.reason)};
    }
    const append_outcome outcome = outcome_of(found.value, barrier_, revision_);
    if (!outcome.still_leads) {
        forget_key();
        return {{}, store_error::no_lease, "the leader's key was lost before the term began"};
    }
    if (outcome.fate == append_fate::in_the_log)
        return {won()};
    if (outcome.fate == append_fate::gap && found.value.results.at(2).found.empty())
        throw log_contradiction{
            keys_.entry(read.number) +
            ": it was read, and is no longer in the store, nor is any after it"};
    return {};  // entries that were not read yet
}

void campaign::withdraw() noexcept {
    try {
        if (lease_.id != 0)  // and with it the key
            static_cast<void>(store_.revoke_lease(lease_.id, chosen_.within));
    } catch (const std::exception&) {
        // No memory: the lease expires.
    }
    lease_ = {};
    forget_key();
}

void campaign::keep_alive() noexcept {
    try {
        if (lease_.id != 0)
            static_cast<void>(store_.keep_alive(lease_.id, chosen_.within));
    } catch (const std::exception&) {
        // No memory: the next call renews it.
    }
}

}  // namespace coffer::replication
