#include "ops/assertion.hpp"

#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <string>

#include "catch.hpp"
#include "ops/log.hpp"

using coffer::test::Contains;

namespace {

struct ended {
    int status;
    std::string log;
};

/// Runs `what` in a child process, whose log is read.
template <class Function>
ended run_in_child(const Function& what) {
    int ends[2];
    REQUIRE(::pipe(ends) == 0);
    const pid_t child = ::fork();
    REQUIRE(child >= 0);
    if (child == 0) {
        std::signal(SIGABRT, SIG_DFL);  // not the test runner's handler
        ::dup2(ends[1], STDERR_FILENO);
        coffer::log::start();
        what();
        ::_exit(0);
    }
    ::close(ends[1]);
    ended found{};
    char some[256];
    for (ssize_t got = 0; (got = ::read(ends[0], some, sizeof some)) > 0;)
        found.log.append(some, static_cast<std::size_t>(got));
    ::close(ends[0]);
    REQUIRE(::waitpid(child, &found.status, 0) == child);
    return found;
}

}  // namespace

TEST_CASE("invariant: one that holds costs nothing to see", "[ops]") {
    coffer::invariant(true, "never logged");
    SUCCEED("it returns");
}

TEST_CASE("invariant: a broken one aborts the process and logs its reason and place", "[ops]") {
    const ended found =
        run_in_child([] { coffer::invariant(false, "two tickets have one place"); });
    CHECK(WIFSIGNALED(found.status));
    CHECK(WTERMSIG(found.status) == SIGABRT);
    CHECK_THAT(found.log,
               Contains("two tickets have one place (assertion_test.cpp:") && Contains("error"));
}
