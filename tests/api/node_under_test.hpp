// The product's routes over one node of a replicated ledger, in memory, with the sample accounts.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "api/reply.hpp"
#include "api/router.hpp"
#include "api/routes.hpp"
#include "engine/engine.hpp"
#include "engine/initial_accounts.hpp"
#include "engine/leadership.hpp"

namespace coffer::test {

struct node_under_test {
    static constexpr std::string_view leader_url = "http://10.0.0.2:5000";

    explicit node_under_test(node_role role) : rights{role} {
        rights.set_name("a");
        engine.open(initial_accounts::sample().open_in_memory());
        if (role == node_role::leader)
            rights.answer_until(leadership::boottime() + std::chrono::hours{1});
    }
    ~node_under_test() { static_cast<void>(reply.take_stream()); }

    /// Of a standby: it was at the log's end so long ago.
    void be_at_end(std::uint64_t record, std::chrono::nanoseconds ago = {}) {
        rights.set_applied({record, leadership::boottime() - ago});
    }

    api::reply& ask(const api::request& asked) {
        api::handle(api::product_table, engine.teller_at(0), asked, reply);
        return reply;
    }
    api::reply& get(std::string_view target, std::string_view accept = {}) {
        return ask({.method = api::method::get,
                    .target = target,
                    .content_type = {},
                    .body = {},
                    .accept = accept});
    }
    api::reply& post(std::string_view target, std::string_view body = R"({"amount":1.0})") {
        return ask({api::method::post, target, "application/json", body});
    }

    leadership rights;
    coffer::engine engine{coffer::engine::options{.rights = &rights}};
    api::reply reply;
};

}  // namespace coffer::test
