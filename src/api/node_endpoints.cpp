#include "api/node_endpoints.hpp"

#include <string>

#include "engine/engine.hpp"
#include "ops/json_text.hpp"
#include "ops/text.hpp"
#include "ops/utc_time.hpp"

namespace coffer::api {
namespace {

void append_node(std::string& text, const node_status& one) {
    text += R"({"node":)";
    append_json_string(text, one.name);
    text += R"(,"url":)";
    append_json_string(text, one.url);
    text.append(R"(,"role":")").append(one.is_leader ? "leader" : "standby");
    text.append(R"(","member":)").append(one.is_member ? "true" : "false");
    text.append(R"(,"catching_up":)").append(one.is_catching_up ? "true" : "false");
    text += R"(,"applied_record":)";
    append_number(text, one.applied_record);
    text += R"(,"synced_record":)";
    append_number(text, one.synced_record);
    text.append(R"(,"seen":")").append(to_utc_text(one.reported_ns)) += R"("})";
}

/// A string, or null if the text is empty.
void append_text_or_null(std::string& out, std::string_view text) {
    if (text.empty())
        out += "null";
    else
        append_json_string(out, text);
}

}  // namespace

std::string_view name_of(node_role role) noexcept {
    switch (role) {
        case node_role::alone:
            break;
        case node_role::standby:
            return "standby";
        case node_role::leader:
            return "leader";
    }
    return "alone";
}

void list_nodes(coffer::teller& teller, const call&, reply& out) {
    const leadership& rights = teller.engine().rights();
    out.data(200, [&rights](std::string& text) {
        text += R"({"node":)";
        append_text_or_null(text, rights.name());
        text.append(R"(,"role":")").append(name_of(rights.role())).append(R"(","leader":)");
        append_text_or_null(text, rights.leader_url());
        text += R"(,"nodes":[)";
        for (const node_status& one : rights.nodes()) {
            if (text.back() == '}')
                text += ',';
            append_node(text, one);
        }
        text += "]}";
    });
}

void step_down(coffer::teller& teller, const call&, reply& out) {
    leadership& rights = teller.engine().rights();
    if (!rights.ask_to_step_down())
        return out.refuse(problem::not_leading);
    out.data(202, [&rights](std::string& text) {
        text += R"({"node":)";
        append_json_string(text, rights.name());
        text += R"(,"stepping_down":true})";
    });
}

}  // namespace coffer::api
