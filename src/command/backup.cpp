#include "command/backup.hpp"

#include <CLI/CLI.hpp>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <memory>
#include <string>

#include "audit/data_copy.hpp"
#include "command/output.hpp"
#include "ops/log.hpp"

namespace coffer::command {
namespace {

struct copy_options {
    std::string from;
    std::string to;
    bool json = false;
};

struct argument {
    const char* name;
    const char* description;
};

std::shared_ptr<copy_options> add_options(CLI::App& parser, const argument& from,
                                          const argument& to) {
    auto chosen = std::make_shared<copy_options>();
    parser.add_option(from.name, chosen->from, from.description)->type_name("")->required();
    parser.add_option(to.name, chosen->to, to.description)->type_name("")->required();
    parser.add_flag("--json", chosen->json, "Say what its audit found as one JSON object");
    return chosen;
}

int tell(const copy_options& chosen, const audit::finished_copy& made, const char* done) {
    for (const std::string& one : made.left_out)
        std::fprintf(stderr, "coffer: left out: %s\n", one.c_str());
    output out;
    if (chosen.json)
        out.write(to_json(made.audited));
    else
        out.write(to_text(made.audited) + done + ' ' + made.audited.directory + '\n');
    out.finish();
    return EXIT_SUCCESS;
}

}  // namespace

subcommand add_backup(CLI::App& app) {
    CLI::App* const parser = app.add_subcommand(
        "backup", "Copy a data directory as it is now, be a server running on it or not");
    const auto chosen = add_options(
        *parser, {"DIR", "The data directory"},
        {"DEST", "Where the copy is made; must not be there, or be an empty directory"});
    return {parser, [chosen] {
                log::start();
                return tell(*chosen, audit::back_up(chosen->from, chosen->to), "backed up to");
            }};
}

subcommand add_restore(CLI::App& app) {
    CLI::App* const parser =
        app.add_subcommand("restore", "Make a data directory of a backup; overwrites nothing");
    const auto chosen =
        add_options(*parser, {"BACKUP", "The backup"},
                    {"DIR", "The data directory; must not be there, or be an empty directory"});
    return {parser, [chosen] {
                log::start();
                return tell(*chosen, audit::restore(chosen->from, chosen->to), "restored to");
            }};
}

}  // namespace coffer::command
