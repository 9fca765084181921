#include "replication/schedule.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "replication/model_node.hpp"

namespace coffer::test {

using namespace std::chrono_literals;

namespace {

constexpr std::chrono::seconds of_faults{15};
constexpr std::chrono::seconds of_healing{40};
constexpr std::size_t clients = 6;

/// None of it, little or much.
double drawn(virtual_world& world, double most) {
    const auto kind = world.below(3);
    return kind == 0 ? 0 : kind == 1 ? most / 8 : most;
}

store_faults drawn_faults(virtual_world& world) {
    return {.request_lost = drawn(world, 0.05),
            .answer_lost = drawn(world, 0.08),
            .applied_late = drawn(world, 0.08),
            .slow = drawn(world, 0.1),
            .twice = drawn(world, 0.1),
            .unavailable = drawn(world, 0.05),
            .full = drawn(world, 0.02),
            .old_read = drawn(world, 0.5),
            .false_keepalive = drawn(world, 1),
            .wrong_hint = drawn(world, 0.5)};
}

class schedule {
public:
    schedule(std::uint64_t seed, planted fault)
        : world_{seed},
          cluster_{world_,
                   {.fault = fault,
                    .reads_by_barrier = fault == planted::nothing && world_.below(5) == 0,
                    .read_leases_differ = seed % 4 == 0}} {}

    schedule_result run() {
        cluster_.store.faults = drawn_faults(world_);
        for (std::size_t i = 0; i != model_cluster::nodes; ++i)
            cluster_.node(i).start();
        for (std::size_t i = 0; i != clients; ++i)
            world_.spawn(outside_, [this, i] { be_client(i); });
        world_.spawn(outside_, [this] { disturb(); });
        world_.run_until(of_faults);
        heal();
        while (!is_equal() && world_.now() < of_faults + of_healing)
            world_.run_until(world_.now() + 100ms);
        if (!is_equal())
            cluster_.history.wrong("nothing goes on after all was healed: " + describe());
        for (std::size_t i = 0; i != model_cluster::nodes; ++i) {
            cluster_.check_copy(cluster_.node(i).name(), *cluster_.node(i).files);
            cluster_.node(i).kill(false);
        }
        world_.end(outside_);
        world_.run_until(world_.now() + 20s);
        if (!world_.is_at_rest())
            cluster_.history.wrong("a task of the model does not end");
        return {cluster_.history.verdict(), cluster_.history.postings(),
                cluster_.history.reads(),   cluster_.terms,
                cluster_.handovers,         cluster_.trims,
                cluster_.catch_ups};
    }

private:
    [[nodiscard]] model_node& any_node() {
        return cluster_.node(world_.below(model_cluster::nodes));
    }
    [[nodiscard]] model_node& mostly_the_leader() {
        model_node* const leader = cluster_.leader();
        return leader != nullptr && world_.happens(0.7) ? *leader : any_node();
    }
    [[nodiscard]] bool is_equal() {
        bool equal = working_ == 0;
        for (std::size_t i = 0; i != model_cluster::nodes; ++i)
            equal = equal && cluster_.node(i).files->all().size() == cluster_.logged().size();
        return equal;
    }

    [[nodiscard]] std::string describe() {
        const model_node* const leader = cluster_.leader();
        std::string text = std::to_string(working_) + " requests wait, " +
                           (leader == nullptr ? "nobody" : leader->name()) +
                           " leads, the log has " + std::to_string(cluster_.logged().size()) +
                           " batches, and the nodes";
        for (std::size_t i = 0; i != model_cluster::nodes; ++i)
            text += ' ' + std::to_string(cluster_.node(i).files->all().size());
        return text;
    }

    void heal() {
        cluster_.store.faults = {};
        for (std::size_t i = 0; i != model_cluster::nodes; ++i) {
            cluster_.node(i).pause(0ms);
            cluster_.node(i).cut_off(0ms);
            cluster_.node(i).start();
        }
    }

    /// With what goes with it where it matters: a leader that has not noticed yet, and one after it
    /// that hands over at once.
    void lose_lease_of(model_node& one) {
        if (world_.happens(0.5))
            one.slow_down(world_.between(500ms, 4s));
        if (world_.happens(0.5))
            world_.sleep(world_.between(0ms, 500ms));
        if (world_.happens(0.5))
            one.cut_off(world_.between(100ms, 4s));
        if (const auto* const key = cluster_.store.state().find(cluster_.keys.leader()))
            cluster_.store.revoke(key->lease);
        for (int i = 0; i != 50 && world_.happens(0.95); ++i) {
            world_.sleep(10ms);
            for (std::size_t other = 0; other != model_cluster::nodes; ++other)
                if (model_node& next = cluster_.node(other); &next != &one && next.leads())
                    return next.step_down();
        }
    }

    void kill_for_a_while(model_node& one) {
        one.kill(world_.happens(0.5));
        world_.at(world_.now() + world_.between(0ms, 1500ms), [this, &one] {
            if (!outside_->has_ended)
                one.start();
        });
    }

    void disturb() {
        while (!outside_->has_ended) {
            world_.sleep(world_.between(20ms, most_between_));
            if (world_.now() >= of_faults)
                return;
            model_node& one = mostly_the_leader();
            switch (world_.below(8)) {
                case 0:
                    one.pause(world_.between(100ms, 1s));
                    break;
                case 1:
                    one.pause(world_.between(1s, 6s));
                    break;
                case 2:
                    kill_for_a_while(one);
                    break;
                case 3:
                    one.cut_off(world_.between(100ms, 4s));
                    break;
                case 4:
                case 5:
                    lose_lease_of(one);
                    break;
                case 6:
                    lose_lease_of(one);
                    break;
                default:
                    one.step_down();
                    break;
            }
        }
    }

    /// Sends a request and waits for a reply.
    [[nodiscard]] posting_reply ask(model_node& one, const posting_request& request) {
        struct exchange {
            std::optional<posting_reply> reply;
            virtual_signal arrived;
        };
        const auto mine = std::make_shared<exchange>(exchange{{}, virtual_signal{world_}});
        const auto delay = [this] {
            return world_.happens(0.02) ? world_.between(0ms, 2s) : world_.between(100us, 2ms);
        };
        if (!world_.happens(0.01))
            world_.at(world_.now() + delay(), [this, &one, request, mine, delay] {
                one.arrive(request, [this, mine, delay](const posting_reply& made) {
                    world_.at(world_.now() + delay(), [mine, made] {
                        mine->reply = made;
                        mine->arrived.notify_all();
                    });
                });
            });
        const auto deadline = world_.now() + world_.between(200ms, 1500ms);
        while (!mine->reply && world_.now() < deadline && !outside_->has_ended)
            mine->arrived.wait_until(deadline);
        return mine->reply.value_or(posting_reply{});
    }

    void be_client(std::size_t index) {
        model_node* at = &any_node();
        for (int i = 0; world_.now() < of_faults && !outside_->has_ended; ++i) {
            posting_request request;
            request.account = 1 + world_.below(model_cluster::accounts);
            if (world_.happens(share_of_postings_)) {
                request.key = std::to_string(index) + '-' + std::to_string(i);
                request.amount = static_cast<std::int64_t>(1 + world_.below(1000));
            }
            ++working_;
            serve(request, at);
            --working_;
            world_.sleep(world_.between(0ms, 30ms));
        }
    }

    /// Asks until there is an answer that is for good.
    void serve(const posting_request& request, model_node*& at) {
        const bool is_posting = !request.key.empty();
        model_history& history = cluster_.history;
        model_history::moment sent = history.now();
        while (!outside_->has_ended) {
            const posting_reply reply = ask(*at, request);
            if (reply.what == posting_reply::kind::done)
                return is_posting
                           ? history.note_posting(sent, request.key, request.account, reply.shown)
                           : history.note_read(sent, request.account, reply.shown);
            if (reply.what == posting_reply::kind::refused)
                return history.note_refused(request.key);
            if (reply.what != posting_reply::kind::not_now)
                at = &any_node();
            world_.sleep(world_.between(1ms, 50ms));
            if (!is_posting) {  // a balance that was not answered counts as never asked for
                if (world_.now() >= of_faults)
                    return;
                sent = history.now();
            }
        }
    }

    virtual_world world_;
    model_cluster cluster_;
    const virtual_world::life outside_ = std::make_shared<process_life>();
    int working_ = 0;
    double share_of_postings_ = world_.happens(0.7) ? 0.5 : 0.1;
    std::chrono::milliseconds most_between_{500 << world_.below(4)};  // two disturbances
};

}  // namespace

schedule_result& schedule_result::operator+=(const schedule_result& other) {
    postings += other.postings;
    reads += other.reads;
    terms += other.terms;
    handovers += other.handovers;
    trims += other.trims;
    catch_ups += other.catch_ups;
    return *this;
}

schedule_result run_schedule(std::uint64_t seed, planted fault) {
    return schedule{seed, fault}.run();
}

}  // namespace coffer::test
