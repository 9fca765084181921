// How much of a worker's time streams that are behind take, and how late those that follow are.
#include "http/followers.hpp"

#include <string>

#include "catch.hpp"
#include "http/running_worker.hpp"
#include "http/scripted_transfers.hpp"
#include "http/session_driver.hpp"

using namespace coffer::http;
using coffer::test::Contains;
using answer = coffer::api::body_stream::state;

namespace {

const std::string stream = get("/stream");

/// Serves the scripted routes, in memory.
class scripted_server {
public:
    scripted_server() {
        script = {};
        server.engine().open(coffer::initial_accounts::sample().open_in_memory());
    }
    running_worker server{running_worker::later, scripted_table};
};

}  // namespace

TEST_CASE("followers: a stream that rests is called again and again by an idle worker", "[http]") {
    scripted_server bank;
    script.steps.assign(20'000, {answer::resting, ""});  // at a tick each: more than five hours
    script.steps.front().text = "one";
    bank.server.begin();
    client one{bank.server.port()};
    one.send(stream);
    wait_until([] { return live_streams == 1; });
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("followers: others are served between the calls of a stream that rests", "[http]") {
    scripted_server bank;
    script.steps.assign(1'000'000, {answer::resting, ""});
    script.steps.front().text = "one";
    bank.server.begin();
    client one{bank.server.port()};
    one.send(stream);
    one.read_some();
    client other{bank.server.port()};
    for (int i = 0; i != 100; ++i) {
        other.send(get("/short"));
        CHECK_THAT(other.read_some(), Contains("\"short\":true"));
    }
    CHECK(live_streams == 1);
    one.reset();
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("followers: one that is closed in another's turn is called no more", "[http]") {
    scripted_server bank;
    script.steps.assign(1'000'000, {answer::resting, ""});
    script.steps.front().text = "one";
    bank.server.begin();
    {
        client one{bank.server.port()};
        client two{bank.server.port()};
        one.send(stream);
        one.read_some();
        two.send(stream);
        wait_until([] { return live_streams == 2; });
    }
    wait_until([] { return live_streams == 0; });
}

TEST_CASE("followers: drained, streams that rest end early", "[http]") {
    scripted_server bank;
    script.steps.assign(1'000'000, {answer::resting, ""});
    script.steps.front().text = "one ";
    bank.server.begin();
    client one{bank.server.port()};
    one.send(stream);
    std::string reply = one.read_some();
    bank.server.drain();
    reply += one.read_all();
    CHECK_THAT(reply, Contains("early:unavailable"));
}
