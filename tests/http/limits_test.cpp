#include "http/limits.hpp"

#include "catch.hpp"

using namespace coffer::http;

TEST_CASE("fit_to_descriptors: changes nothing where there are enough", "[http]") {
    limits wanted;
    wanted.connections = 1000;
    const std::size_t enough = 1000 + wanted.turned_away() + 50;
    CHECK(fit_to_descriptors(wanted, enough, 50).connections == 1000);
    CHECK(fit_to_descriptors(wanted, enough - 1, 50).connections < 1000);
}

TEST_CASE("fit_to_descriptors: leaves room for those that are turned away", "[http]") {
    for (std::size_t descriptors = 60; descriptors != 3000; ++descriptors) {
        const limits fitted = fit_to_descriptors({}, descriptors, 50);
        CAPTURE(descriptors, fitted.connections);
        CHECK(fitted.connections + fitted.turned_away() + 50 <= descriptors);
        CHECK(fitted.connections + fitted.turned_away() + 50 + 4 >= descriptors);
    }
}

TEST_CASE("fit_to_descriptors: leaves one connection at least", "[http]") {
    CHECK(fit_to_descriptors({}, 20, 50).connections == 1);
    CHECK(fit_to_descriptors({}, 51, 50).connections == 1);
}
