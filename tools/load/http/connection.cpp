#include "load/http/connection.hpp"

#include <algorithm>
#include <boost/asio/buffer.hpp>
#include <boost/asio/error.hpp>

#include "load/answer_reader.hpp"
#include "load/http/worker.hpp"

namespace coffer::load {
namespace {

namespace asio = boost::asio;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::int64_t millisecond_ns = 1'000'000;
constexpr std::int64_t longest_pause_ns = 1'000 * millisecond_ns;
constexpr std::int64_t rest_ns = 250 * millisecond_ns;
constexpr unsigned most_read_backs = 10;

/// Twice as long after each failure.
std::int64_t pause_after(unsigned failures) noexcept {
    return std::min(longest_pause_ns, (10 * millisecond_ns) << std::min(failures, 10U));
}

bool blocked(const error_code& error) noexcept {
    return error == asio::error::would_block || error == asio::error::interrupted;
}

}  // namespace

connection::connection(worker& owner, std::optional<expected_balances> own)
    : owner_{owner},
      socket_{owner.events()},
      own_{std::move(own)},
      picker_{owner.chosen().skew, own_ ? own_->size() : owner.chosen().accounts.size()},
      under_way_(owner.chosen().pipeline) {}

std::size_t connection::pick_account(random_source& random) const noexcept {
    return picker_.pick(random) + (own_ ? own_->first() : 0);
}

std::size_t connection::accounts() const noexcept {
    return own_ ? own_->size() : owner_.chosen().accounts.size();
}

// The next one, if the one picked is taken: with some skews it is often the same.
std::size_t connection::pick_other(random_source& random,
                                   std::initializer_list<std::size_t> taken) const noexcept {
    const std::size_t first = own_ ? own_->first() : 0;
    std::size_t other = pick_account(random);
    while (std::ranges::find(taken, other) != taken.end())
        other = first + (other - first + 1) % accounts();
    return other;
}

std::optional<placed_hold> connection::take_hold(random_source& random) {
    if (holds_.empty())
        return std::nullopt;
    std::swap(holds_[random() % holds_.size()], holds_.back());
    placed_hold taken = std::move(holds_.back());
    holds_.pop_back();
    return taken;
}

void connection::tick(std::int64_t now_ns) {
    const std::int64_t limit_ns = owner_.chosen().reply_limit_ms * millisecond_ns;
    switch (state_) {
        case state::waiting:
            if (now_ns >= wake_ns_)
                connect(now_ns);
            break;
        case state::connecting:
            if (now_ns >= wake_ns_)
                fail(owner_.counted().troubles.not_connected);
            break;
        case state::pausing:
            if (now_ns >= wake_ns_)
                read_back();
            break;
        case state::reading_back:
        case state::ready:
            if (!under_way_.empty() && now_ns - under_way_.front().sent_ns > limit_ns)
                fail(owner_.counted().troubles.timed_out);
            break;
        case state::finished:
            break;
    }
}

void connection::connect(std::int64_t now_ns) {
    state_ = state::connecting;
    wake_ns_ = now_ns + owner_.chosen().reply_limit_ms * millisecond_ns;
    server_ = owner_.servers().leader();
    moves_ = false;
    socket_.async_connect(server_, [this, mine = generation_](error_code error) {
        if (mine != generation_)
            return;
        if (error)
            fail(owner_.counted().troubles.not_connected);
        else
            connected();
    });
}

void connection::connected() {
    error_code ignored;  // a socket that cannot do this will fail again where it matters
    socket_.non_blocking(true, ignored);
    socket_.set_option(tcp::no_delay{true}, ignored);
    wait_to_read();
    if (own_ && own_->in_doubt())
        read_back();
    else
        become_ready();
}

void connection::become_ready() {
    state_ = state::ready;
    owner_.refill(*this);
}

// What the accounts in doubt hold, before anything more is posted to them.
void connection::read_back() {
    state_ = state::reading_back;
    seen_.clear();
    const std::vector<std::size_t> accounts = own_->accounts_in_doubt();
    under_way_.set_capacity(std::max(accounts.size(), owner_.chosen().pipeline));
    for (const std::size_t account : accounts)
        add({.account = account, .sent_ns = owner_.now_ns()});
    flush();
}

void connection::decide() {
    const bool all_seen = seen_.size() == own_->accounts_in_doubt().size();
    const bool settled = all_seen && own_->resolve(seen_);
    if (!settled && ++read_backs_ < most_read_backs) {
        // The server may have been handling them between two of the balances.
        state_ = state::pausing;
        wake_ns_ = owner_.now_ns() + pause_after(read_backs_);
        return;
    }
    if (!settled && all_seen)
        own_->accept(seen_);
    read_backs_ = 0;
    if (own_->in_doubt())
        return fail(owner_.counted().troubles.malformed);
    under_way_.set_capacity(owner_.chosen().pipeline);
    become_ready();
}

void connection::add(const request& one) {
    under_way_.push_back(one);
    owner_.write(one, unsent_);
}

void connection::flush() {
    if (unsent_.empty() || writing_)
        return;
    error_code error;
    const std::size_t sent = socket_.write_some(asio::buffer(unsent_), error);
    if (error && !blocked(error))
        return fail(owner_.counted().troubles.closed);
    unsent_.erase(0, sent);
    if (doomed_)
        return carry_out_kill();
    if (!unsent_.empty())
        wait_to_write();
}

void connection::wait_to_write() {
    writing_ = true;
    socket_.async_wait(tcp_socket::wait_write, [this, mine = generation_](error_code) {
        if (mine != generation_)
            return;
        writing_ = false;
        flush();
    });
}

void connection::wait_to_read() {
    socket_.async_wait(tcp_socket::wait_read, [this, mine = generation_](error_code) {
        if (mine == generation_)  // an error shows again at the read
            read();
    });
}

void connection::read() {
    const auto buffer = owner_.read_buffer();
    const std::uint64_t mine = generation_;
    error_code error;
    const std::size_t size = socket_.read_some(asio::buffer(buffer.data(), buffer.size()), error);
    if (error && !blocked(error))
        return fail(owner_.counted().troubles.closed);
    if (!error && !take_replies({buffer.data(), size}))
        return fail(owner_.counted().troubles.malformed);
    if (mine != generation_)
        return;
    if (state_ == state::reading_back && under_way_.empty())
        decide();
    else if (state_ == state::ready && !moves_)
        owner_.refill(*this);
    if (mine == generation_ && !finished())
        wait_to_read();
}

/// False if what came is no reply, or nobody asked.
bool connection::take_replies(std::string_view bytes) {
    const bool joined = !unread_.empty();
    if (joined) {
        unread_ += bytes;
        bytes = unread_;
    }
    reply received;
    reading found = reading::partial;
    owner_.read_clock();
    while (!bytes.empty() && (found = read_reply(bytes, received)) == reading::whole) {
        if (under_way_.empty())
            return false;
        if (received.status == 503 && error_type(received.body) == "outcome_unknown") {
            // As if there were no reply: it may have been posted, and others behind it too.
            fail(owner_.counted().troubles.unknown);
            return true;
        }
        take(received);
        if (moves_ && under_way_.empty()) {
            disconnect(pause_after(failures_++));
            return true;
        }
        if (received.close) {
            fail(owner_.counted().troubles.closed);
            return true;
        }
    }
    if (joined)
        unread_.erase(0, unread_.size() - bytes.size());
    else
        unread_ = bytes;
    return bytes.empty() || found != reading::malformed;
}

/// Whether the reply is that of a node that does not lead the ledger, where there are others.
bool connection::take_elsewhere(const reply& received) {
    if (received.status == 307 && owner_.servers().follow(received.location)) {
        ++owner_.counted().troubles.redirected;
        return true;
    }
    if (received.status != 503 || !owner_.servers().has_others())
        return false;
    owner_.servers().leave(server_);
    return true;
}

void connection::take(const reply& received) {
    const request asked = under_way_.front();
    under_way_.pop_front();
    const bool is_elsewhere = take_elsewhere(received);
    moves_ = moves_ || is_elsewhere;
    if (!is_elsewhere)
        failures_ = 0;
    if (state_ == state::reading_back) {
        const auto found = read_funds(received.body);
        if (received.status == 200 && found)
            seen_.push_back({asked.account, *found});
        return;
    }
    const answer given = read_answer(asked.what, received, own_.has_value());
    if (own_)
        own_->answered(asked, given);
    if (asked.what == operation::hold && given.verdict == verdict::done)
        holds_.push_back({asked.account, std::string{hold_id(received.body)}, asked.amount_minor});
    owner_.replied(asked, given.verdict);
    if (given.verdict == verdict::refused && !(is_elsewhere && received.status == 307))
        owner_.counted().refused(received.status, error_type(received.body));
}

void connection::kill(killing how, bool now) {
    doomed_ = how;
    if (now)
        carry_out_kill();
}

void connection::carry_out_kill() {
    const killing how = *doomed_;
    error_code ignored;
    if (how.mid_request && unsent_.empty()) {
        owner_.write({.what = operation::deposit, .amount_minor = 1}, unsent_);
        socket_.write_some(asio::buffer(unsent_.data(), unsent_.size() / 2), ignored);
    }
    if (how.abruptly)
        socket_.set_option(asio::socket_base::linger{true, 0}, ignored);
    ++owner_.counted().troubles.killed;
    rested_ns_ = owner_.now_ns() + rest_ns;
    disconnect(owner_.random_below(20 * millisecond_ns));
}

void connection::fail(std::uint64_t& kind) {
    ++kind;
    owner_.servers().leave(server_);
    disconnect(pause_after(failures_++));
}

void connection::disconnect(std::int64_t pause_ns) {
    error_code ignored;
    socket_.close(ignored);
    ++generation_;
    if (state_ != state::reading_back)
        owner_.lost(under_way_);
    if (own_)
        own_->lost({under_way_.linearize(), under_way_.size()});
    under_way_.clear();
    under_way_.set_capacity(owner_.chosen().pipeline);
    unread_.clear();
    unsent_.clear();
    doomed_.reset();
    writing_ = false;
    state_ = state::waiting;
    wake_ns_ = owner_.now_ns() + pause_ns;
}

void connection::stop(bool at_once) {
    if (state_ == state::finished || (state_ == state::ready && !under_way_.empty() && !at_once))
        return;
    disconnect(0);
    state_ = state::finished;
}

}  // namespace coffer::load
