// Routes whose replies are streams, and whose bodies are taken line by line, as a test scripts it.
#pragma once

#include <array>
#include <atomic>
#include <cstddef>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "api/route_table.hpp"

namespace coffer::http {

/// One call of pull.
struct stream_step {
    api::body_stream::state answer = api::body_stream::state::more;
    std::string text;
    std::function<void(teller&)> act{};
};

/// What the streams and sinks of a test do, and what they saw. One test at a time uses it.
struct transfer_script {
    std::deque<stream_step> steps;  ///< of the stream; after them it is done
    bool is_endless = false;        ///< instead: it fills all the room it is given
    bool ends_with_client = false;  ///< the stream goes on for as long as the client reads
    int pulls = 0;
    std::size_t buffered_bytes = 0;          ///< that the stream reports
    std::function<void(teller&)> on_open{};  ///< called by the endpoint that answers with it

    std::vector<std::string> lines;                                        ///< that the sink took
    std::function<api::line_sink::state(teller&, std::string_view)> take;  ///< null: it takes all
    bool finishes_with_stream = false;
};
inline transfer_script script;

// How many exist.
inline std::atomic<int> live_streams{0};
inline std::atomic<int> live_sinks{0};

class scripted_stream final : public api::body_stream {
public:
    scripted_stream() { ++live_streams; }
    ~scripted_stream() override { --live_streams; }
    state pull(teller& teller, std::size_t room_bytes, std::string& out) override {
        ++script.pulls;
        if (script.is_endless) {
            out.append(room_bytes, 'x');
            return state::more;
        }
        if (script.steps.empty())
            return state::done;
        const stream_step step = script.steps.front();
        script.steps.pop_front();
        if (step.act)
            step.act(teller);
        out += step.text;
        return step.answer == state::failed ? fail(api::problem::cut_overtaken) : step.answer;
    }
    [[nodiscard]] bool is_endless() const noexcept override { return script.ends_with_client; }
    [[nodiscard]] std::size_t buffered_bytes() const noexcept override {
        return script.buffered_bytes;
    }
    void end_early(api::problem why, std::string& out) override {
        out += "early:";
        out += api::describe(why).type;
    }
};

class scripted_sink final : public api::line_sink {
public:
    scripted_sink() { ++live_sinks; }
    ~scripted_sink() override { --live_sinks; }
    state take(teller& teller, std::string_view line) override {
        const state answer = script.take ? script.take(teller, line) : state::taken;
        if (answer == state::taken)
            script.lines.emplace_back(line);
        has_ended_ = answer == state::ended;
        return answer;
    }
    void finish(teller&, api::reply& out) override {
        if (has_ended_)
            out.refuse(api::problem::body_malformed);
        else if (script.finishes_with_stream)
            out.stream(200, "text/plain", std::make_unique<scripted_stream>());
        else
            out.affirm("ended");
    }

private:
    bool has_ended_ = false;
};

inline void answer_stream(teller& teller, const api::call&, api::reply& out) {
    if (script.on_open)
        script.on_open(teller);
    out.stream(200, "text/plain", std::make_unique<scripted_stream>());
}
inline void answer_short(teller&, const api::call&, api::reply& out) {
    out.affirm("short");
}
inline void answer_deposit(teller& teller, const api::call&, api::reply& out) {
    const posting_result made = teller.deposit(10001, money::from_minor(100), {});
    if (made.service == service::done)
        out.posted(made.outcome.posting, "new_balance");
    else
        out.refuse(api::problem_of(made.service));
}
inline std::unique_ptr<api::line_sink> open_sink(teller&, const api::call&, api::reply&) {
    return std::make_unique<scripted_sink>();
}

inline constexpr std::size_t max_test_line = 100;
inline constexpr std::array scripted_routes{
    api::route{api::method::get, "/stream", &answer_stream},
    api::route{api::method::get, "/short", &answer_short},
    api::route{api::method::post, "/deposit", &answer_deposit},
    api::route{api::method::post,
               "/lines",
               &open_sink,
               {.body = api::body_kind::lines, .max_line = max_test_line}},
};
inline constexpr api::route_table scripted_table{scripted_routes};

/// Reads the chunks of a body from the front of `bytes`, and removes them. Empty if they are not
/// well-formed or not all there.
inline std::string take_chunks(std::string_view& bytes) {
    std::string body;
    for (;;) {
        const std::size_t end = bytes.find("\r\n");
        if (end == bytes.npos)
            return {};
        const std::size_t size = std::stoul(std::string{bytes.substr(0, end)}, nullptr, 16);
        bytes.remove_prefix(end + 2);
        if (bytes.size() < size + 2 || bytes.substr(size, 2) != "\r\n")
            return {};
        body += bytes.substr(0, size);
        bytes.remove_prefix(size + 2);
        if (size == 0)
            return body;
    }
}

}  // namespace coffer::http
