// The part of model_life that answers clients.
#include "replication/model_life.hpp"

namespace coffer::test {

using namespace std::chrono_literals;
using kind = posting_reply::kind;

void model_life::handle(const posting_request& asked,
                        const std::function<void(const posting_reply&)>& reply) {
    world.sleep(world.between(0ms, 1ms));
    const std::shared_ptr<model_term> mine = term;
    posting_reply made{.what = kind::elsewhere};
    if (mine && !mine->is_over) {
        // Once, after the request has arrived.
        const bool may_answer =
            cluster.chosen.reads_by_barrier || rights.may_answer_at(node.boottime());
        world.sleep(world.between(0ms, 1ms));
        if (!may_answer)
            made.what = kind::not_now;
        else if (mine->is_over)
            made.what = kind::none;
        else
            made = asked.key.empty() ? show(asked, mine) : post(asked, mine);
    }
    if (!has_ended() && made.what != kind::none)
        reply(made);
}

bool model_life::wait_durable(model_term& mine, journal::lane_ticket ticket) {
    mine.work.notify_all();
    while (!has_ended() && !mine.is_over && !mine.lane.is_durable(ticket))
        mine.progress.wait_until(world.now() + 1s);
    return !has_ended() && mine.lane.is_durable(ticket);
}

posting_reply model_life::post(const posting_request& asked,
                               const std::shared_ptr<model_term>& mine) {
    if (const auto found = keys_.find(asked.key); found != keys_.end()) {
        const kept_key one = found->second;
        const auto in = one.in.lock();
        if (in == nullptr || wait_durable(*in, one.ticket))
            return {kind::done, one.made};
        return {};
    }
    if (!mine->lane.has_room_for())
        return {kind::not_now, {}};
    mine->lane.begin();
    const money amount = money::from_minor(asked.amount);
    const auto made = ledger->deposit(asked.account, amount);
    if (!made) {
        mine->lane.end();
        return {kind::not_now, {}};
    }
    const auto ticket =
        mine->lane.append(journal::record::of_deposit(made.posting, amount, {asked.key, {1, 2}}));
    mine->lane.end();
    const model_history::state now{made.posting.sequence, made.posting.balance.minor()};
    keys_[asked.key] = {now, ticket, mine};
    if (wait_durable(*mine, ticket))
        return {kind::done, now};
    return {denies_ ? kind::refused : kind::none, {}};
}

posting_reply model_life::show(const posting_request& asked,
                               const std::shared_ptr<model_term>& mine) {
    if (!mine->lane.has_room_for())
        return {kind::not_now, {}};
    mine->lane.begin();
    const auto found = ledger->balance(asked.account);
    journal::lane_ticket ticket = mine->lane.durable();
    if (found && (cluster.chosen.reads_by_barrier ||
                  found.posting.sequence > ledger->durable_sequence(asked.account)))
        ticket = mine->lane.append_marker(asked.account, found.posting.sequence);
    mine->lane.end();
    if (!found)
        return {kind::not_now, {}};
    if (!wait_durable(*mine, ticket))
        return {};
    return {kind::done, {found.posting.sequence, found.posting.balance.minor()}};
}

}  // namespace coffer::test
