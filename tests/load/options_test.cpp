#include "load/options.hpp"

#include <CLI/CLI.hpp>
#include <string>

#include "catch.hpp"

using namespace coffer::load;

namespace {

options parsed(const std::string& flags) {
    CLI::App app;
    options into;
    add_options(app, into);
    app.parse(flags);
    return into;
}

}  // namespace

TEST_CASE("options: are those of a closed loop on the sample accounts by default", "[load]") {
    const options chosen = parsed("");
    CHECK_FALSE(chosen.rate);
    CHECK(to_string(chosen.targets.front()) == "127.0.0.1:5000");
    CHECK(chosen.accounts.size() == 10);
    CHECK_FALSE(chosen.own_accounts);
}

TEST_CASE("options: are read", "[load]") {
    const options chosen =
        parsed("--url http://[::1]:80/ --rate 1500 --duration 2m --warmup 0 --amounts 0.5-2");
    CHECK(to_string(chosen.targets.front()) == "[::1]:80");
    CHECK(chosen.rate == 1500);
    CHECK(chosen.duration_ms == 120'000);
    CHECK(chosen.warmup_ms == 0);
    CHECK(chosen.amounts.least.minor() == 50);
    CHECK(chosen.amounts.most.minor() == 200);
}

TEST_CASE("options: have several servers, with commas between them", "[load]") {
    const options chosen = parsed("--url http://127.0.0.1:5001,http://[::1]:5002");
    REQUIRE(chosen.targets.size() == 2);
    CHECK(to_string(chosen.targets[1]) == "[::1]:5002");
    CHECK_THROWS_AS(parsed("--url http://127.0.0.1:5001,"), CLI::ParseError);
    CHECK_THROWS_AS(parsed("--url http://127.0.0.1:5001,x"), CLI::ParseError);
}

TEST_CASE("options: give each connection accounts of its own where connections are killed",
          "[load]") {
    CHECK(parsed("--kill-connections 5 --connections 10").own_accounts);
    CHECK_THROWS_AS(parsed("--kill-connections 5 --connections 11"), CLI::ParseError);
}

TEST_CASE("options: want two accounts for a transfer, and for each connection with its own",
          "[load]") {
    CHECK_THROWS_AS(parsed("--mix transfer=1 --accounts 7-7"), CLI::ParseError);
    CHECK_THROWS_AS(parsed("--mix transaction=1 --own-accounts --connections 6"), CLI::ParseError);
    CHECK(parsed("--mix transfer=1 --own-accounts --connections 5").own_accounts);
    CHECK(parsed("--mix transfer=1 --connections 500").connections == 500);
}

TEST_CASE("options: that are wrong are refused", "[load]") {
    const auto* const flags = GENERATE(
        "--rate 0", "--rate x", "--connections 0", "--pipeline 0", "--mix x=1", "--skew zipf",
        "--accounts 0", "--duration 0s", "--duration 5y", "--duration 10", "--amounts 0",
        "--amounts 2-1", "--amounts 0.001", "--url 127.0.0.1:5000", "--url http://x",
        "--url http://x:99999", "--url http://x:1/path", "--unknown", "stray");
    CAPTURE(flags);
    CHECK_THROWS_AS(parsed(flags), CLI::ParseError);
}
