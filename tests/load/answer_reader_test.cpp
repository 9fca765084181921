#include "load/answer_reader.hpp"

#include "catch.hpp"

using namespace coffer::load;

TEST_CASE("read_answer: has the balances of a success, only where they are checked", "[load]") {
    const reply transfer{200, R"({"from":{"new_balance":1.0},"to":{"new_balance":2.0}})"};
    const answer given = read_answer(operation::transfer, transfer, true);
    CHECK(given.verdict == verdict::done);
    REQUIRE(given.balances_minor.size() == 2);
    CHECK(given.balances_minor[1] == 200);
    CHECK_FALSE(given.held_minor);
    CHECK(read_answer(operation::transfer, transfer, false).balances_minor.empty());
}

TEST_CASE("read_answer: knows what is held, and that a balance leaves out what is not", "[load]") {
    const reply hold{201, R"({"hold":"1-2","status":"held","balance":9.0,"held":4.0})"};
    CHECK(read_answer(operation::hold, hold, true).held_minor == 400);
    const reply balance{200, R"({"balance":9.0})"};
    CHECK(read_answer(operation::balance, balance, true).held_minor == 0);
    CHECK_FALSE(read_answer(operation::deposit, balance, true).held_minor);
}

TEST_CASE("read_answer: distinguishes a lack of funds from other refusals", "[load]") {
    const reply poor{400, R"({"error":{"type":"insufficient_funds","available":1.0}})"};
    CHECK(read_answer(operation::hold, poor, true).verdict == verdict::insufficient_funds);
    const reply ended{409, R"({"error":{"type":"hold_ended"}})"};
    CHECK(read_answer(operation::capture, ended, true).verdict == verdict::refused);
}

TEST_CASE("read_funds: reads the balance and what is held of it", "[load]") {
    CHECK(read_funds(R"({"balance":9.0,"held":4.0,"available":5.0})") == funds{900, 400});
    CHECK(read_funds(R"({"balance":9.0})") == funds{900, 0});
    CHECK_FALSE(read_funds("{}"));
}
