#include "replication/simulated_store.hpp"

#include <optional>
#include <utility>

namespace coffer::test {

using namespace replication;
using namespace std::chrono_literals;

simulated_store::simulated_store(virtual_world& in) : world_{in} {
    truth_.on_change = [this](const store_state::change& one) {
        changes_.push_back(one);
        if (on_change)
            on_change(one);
    };
}

void simulated_store::expire(std::int64_t lease) {
    const auto found = leases_.find(lease);
    if (found == leases_.end())
        return;
    if (found->second.when > world_.now())
        return world_.at(found->second.when, [this, lease] { expire(lease); });
    leases_.erase(found);
    truth_.revoke(lease);
}

range_result simulated_store::read_somewhere(const key_range& asked, bool may_be_old) {
    if (!may_be_old && !world_.happens(faults.old_read))
        return truth_.read(asked);
    member& one = members_[world_.below(members_.size())];
    const std::size_t to = one.changes + world_.below(changes_.size() - one.changes + 1);
    for (; one.changes != to; ++one.changes)
        one.state.follow(changes_[one.changes], 0);
    return one.state.read(asked);
}

/// Sends a request, waits for its answer, and has it carried out on the way: once, twice, late or
/// never.
template <class Value>
answer<Value> simulated_store::link::send(carry_out<Value> what, timeout within) {
    virtual_world& world = store_.world_;
    const store_faults& faults = store_.faults;
    const answer<Value> none{{}, store_error::unknown, "no answer"};
    if (of_->has_ended)
        return none;
    if (world.happens(faults.unavailable)) {
        world.sleep(world.between(0ms, 5ms));
        return {{}, store_error::unavailable, "no connection"};
    }
    const time begin = world.now();
    const bool is_cut = cut_until_ > begin;
    time to = world.between(200us, 3ms);
    time back = world.between(200us, 3ms);
    if (slow_until_ > begin || world.happens(faults.slow))
        (world.happens(0.5) ? to : back) = world.between(within / 4, within);
    if (world.happens(faults.applied_late))
        to = within + world.between(0s, 5s);
    struct exchange {
        std::optional<answer<Value>> received;
        virtual_signal arrived;
    };
    const auto mine = std::make_shared<exchange>(exchange{{}, virtual_signal{world}});
    if (!is_cut && !world.happens(faults.request_lost)) {
        const bool is_answered = !world.happens(faults.answer_lost);
        world.at(begin + to, [&world, what, back, mine, is_answered, this, life = of_] {
            answer<Value> result = what();
            const bool passes = is_answered && (life->has_ended || cut_until_ <= world.now());
            if (passes)
                world.at(world.now() + back, [mine, result = std::move(result)] {
                    if (!mine->received)
                        mine->received = result;
                    mine->arrived.notify_all();
                });
        });
        if (world.happens(faults.twice))
            world.at(begin + to + world.between(0s, 3s), [what] { static_cast<void>(what()); });
    }
    while (!mine->received && world.now() < begin + within && !of_->has_ended)
        mine->arrived.wait_until(begin + within);
    return mine->received && !of_->has_ended ? *mine->received : none;
}

answer<transaction_result> simulated_store::link::transact(const transaction& asked,
                                                           timeout within) {
    const bool is_full = store_.world_.happens(store_.faults.full);
    const bool is_carried_out = !is_full || store_.world_.happens(0.5);
    return send<transaction_result>(
        [&store = store_, asked, is_full, is_carried_out]() -> answer<transaction_result> {
            std::optional<transaction_result> done;
            if (is_carried_out)
                done = store.truth_.apply(asked);
            if (is_full)
                return {{}, store_error::no_space, "the quota is used up"};
            if (!done)
                return {{}, store_error::no_lease, "no such lease"};
            return {*done};
        },
        within);
}

answer<range_result> simulated_store::link::read(const key_range& asked, timeout within,
                                                 bool may_be_old) {
    return send<range_result>(
        [&store = store_, asked, may_be_old]() -> answer<range_result> {
            return {store.read_somewhere(asked, may_be_old)};
        },
        within);
}

answer<granted_lease> simulated_store::link::grant_lease(std::chrono::seconds time_to_live,
                                                         timeout within) {
    return send<granted_lease>(
        [&store = store_, time_to_live]() -> answer<granted_lease> {
            const std::int64_t lease = store.truth_.grant();
            const time end = store.world_.now() + time_to_live;
            store.leases_[lease] = {end, time_to_live};
            store.world_.at(end, [&store, lease] { store.expire(lease); });
            return {{lease, time_to_live}};
        },
        within);
}

answer<granted_lease> simulated_store::link::keep_alive(std::int64_t lease, timeout within) {
    return send<granted_lease>(
        [&store = store_, lease]() -> answer<granted_lease> {
            const auto found = store.leases_.find(lease);
            if (found != store.leases_.end() && store.truth_.has_lease(lease)) {
                // Each member counts for itself, so that it may also end a little later.
                found->second.when =
                    store.world_.now() + found->second.time_to_live + store.world_.between(0s, 1s);
                return {{lease, found->second.time_to_live}};
            }
            if (store.world_.happens(store.faults.false_keepalive))
                return {{lease, 3s}};
            return {{}, store_error::no_lease, "no such lease"};
        },
        within);
}

answer<std::int64_t> simulated_store::link::revoke_lease(std::int64_t lease, timeout within) {
    return send<std::int64_t>(
        [&store = store_, lease]() -> answer<std::int64_t> {
            store.leases_.erase(lease);
            store.truth_.revoke(lease);
            return {lease};
        },
        within);
}

bool simulated_store::link::wait_for_change(const std::string& key, std::int64_t revision,
                                            timeout within) {
    virtual_world& world = store_.world_;
    const time end = world.now() + within;
    if (world.happens(store_.faults.wrong_hint)) {
        world.sleep(world.between(0ms, within));
        return world.happens(0.5);
    }
    while (world.now() < end && !of_->has_ended) {
        world.sleep(10ms);
        const key_value* const now = store_.truth_.find(key);
        if (now == nullptr || now->mod_revision > revision)
            return true;
    }
    return false;
}

}  // namespace coffer::test
