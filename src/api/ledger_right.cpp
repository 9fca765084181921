#include "api/ledger_right.hpp"

#include <algorithm>
#include <array>
#include <chrono>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "api/query.hpp"

namespace coffer::api {
namespace {

/// A stream about the ledger of several nodes.
class stream_by_role final : public body_stream {
public:
    stream_by_role(std::unique_ptr<body_stream> pieces, const leadership& rights, const call& asked)
        : pieces_{std::move(pieces)},
          rights_{rights},
          is_stale_{asked.answered_by == node_role::standby},
          as_of_{asked.as_of} {}

    state pull(coffer::teller& teller, std::size_t room_bytes, std::string& out) override {
        // What is made already was made by right.
        if (!is_stale_ && !rights_.may_answer() && !pieces_->known_size())
            return fail(problem::no_leader);
        const state now = pieces_->pull(teller, room_bytes, out);
        if (now != state::failed)
            return now;
        error_members members = pieces_->failure_members();
        if (is_stale_)
            members.as_of = as_of_;
        return fail(pieces_->failure(), members);
    }
    bool begins_early() const noexcept override { return pieces_->begins_early(); }
    bool is_endless() const noexcept override { return pieces_->is_endless(); }
    void end_early(problem why, std::string& out) override { pieces_->end_early(why, out); }
    std::optional<std::size_t> known_size() const noexcept override {
        return pieces_->known_size();
    }
    bool ends_whole() const noexcept override { return pieces_->ends_whole(); }
    bool breaks_off() const noexcept override { return pieces_->breaks_off(); }
    std::size_t buffered_bytes() const noexcept override { return pieces_->buffered_bytes(); }

private:
    const std::unique_ptr<body_stream> pieces_;
    const leadership& rights_;
    const bool is_stale_;
    const as_of as_of_;
};

bool accepts_stale(const call& asked) noexcept {
    constexpr std::array<std::string_view, 1> names{"stale"};
    std::array<query_value, names.size()> given;
    return asked.request.method == method::get &&
           read_query(asked.query, names, given).problem == problem::none &&
           given[0].text() == "ok";
}

/// Notes by which state a standby answers. False before it has been at the log's end.
bool find_state(const leadership& rights, as_of& out) noexcept {
    const leadership::position now = rights.applied();
    if (now.at_end.count() == 0)
        return false;
    const auto age = std::max(leadership::boottime() - now.at_end, std::chrono::nanoseconds{0});
    out.record = now.record;
    out.age_s =
        static_cast<std::uint64_t>(std::chrono::duration_cast<std::chrono::seconds>(age).count());
    return true;
}

}  // namespace

bool decide_by_role(const leadership& rights, call& asked, reply& out) {
    if (asked.answered_by == node_role::leader) {
        if (rights.may_answer())
            return true;
        out.refuse(problem::no_leader);
        return false;
    }
    if (accepts_stale(asked)) {
        if (find_state(rights, asked.as_of))
            return true;
        out.refuse(problem::not_open);
        return false;
    }
    std::string url = rights.leader_url();
    if (url.ends_with('/'))
        url.pop_back();
    if (url.empty())
        out.refuse(problem::no_leader);
    else
        out.lead_to(url.append(asked.request.target));
    return false;
}

void answer_by_role(const leadership& rights, const call& asked, reply& out) {
    if (out.is_stream())
        out.put_stream(std::make_unique<stream_by_role>(out.take_stream(), rights, asked));
    if (asked.answered_by == node_role::standby)
        out.state_as_of(asked.as_of);
}

}  // namespace coffer::api
