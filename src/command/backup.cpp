#include "command/commands.hpp"

#include <CLI/CLI.hpp>
#include <charconv>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <system_error>

#include "audit/data_copy.hpp"
#include "audit/increment.hpp"
#include "audit/restore.hpp"
#include "command/output.hpp"
#include "command/parsed_option.hpp"
#include "command/running_copy.hpp"
#include "ops/utc_time.hpp"

namespace coffer::command {
namespace {

struct copy_options {
    audit::restore_source from;  ///< of a backup, its `backup` is the directory
    std::string to;
    std::string since;  ///< of a backup: the one before it; empty for a whole one
    bool json = false;
    bool force = false;

    [[nodiscard]] audit::leftover leftover() const noexcept {
        return force ? audit::leftover::replace : audit::leftover::refuse;
    }
};

void add_flags(CLI::App& parser, copy_options& chosen, const char* json) {
    parser.add_flag("--json", chosen.json, json);
    parser.add_flag("--force", chosen.force,
                    "Replace what an unfinished copy has left in the same place");
}

/// Adds a directory that must be given.
void add_directory(CLI::App& parser, const char* name, auto& into, const char* description) {
    parser.add_option(name, into, description)->type_name("")->required();
}

template <class Report>
int print(const copy_options& chosen, const Report& made, const char* done) {
    output out;
    if (chosen.json)
        out.write(to_json(made));
    else
        out.write(to_text(made) + done + ' ' + made.directory + '\n');
    out.finish();
    return EXIT_SUCCESS;
}

int report_copy(const copy_options& chosen, const audit::finished_copy& made, const char* done) {
    for (const std::string& one : made.left_out)
        std::fprintf(stderr, "coffer: left out: %s\n", one.c_str());
    return print(chosen, made.audited, done);
}

int back_up(const copy_options& chosen) {
    constexpr const char* done = "backed up to";
    const auto& directory = chosen.from.backup;
    if (chosen.since.empty())
        return report_copy(chosen, audit::back_up(directory, chosen.to, chosen.leftover()), done);
    return print(chosen,
                 audit::back_up_since(chosen.since, directory, chosen.to, chosen.leftover()), done);
}

int restore(const copy_options& chosen) {
    return report_copy(chosen, audit::restore(chosen.from, chosen.to, chosen.leftover()),
                       "restored to");
}

/// Digits are a record's number; everything else is a date or time.
std::optional<audit::moment> parse_moment(std::string_view text) {
    audit::moment found;
    const char* const end = text.data() + text.size();
    if (const auto [stopped, error] = std::from_chars(text.data(), end, found.record);
        stopped == end && !text.empty())
        return error == std::errc{} && found.record != audit::moment::none ? std::optional{found}
                                                                           : std::nullopt;
    const auto time_ns = parse_utc_text(text);
    if (!time_ns)
        return std::nullopt;
    return audit::moment{.time_ns = *time_ns};
}

int run(const copy_options& chosen, int (*copy)(const copy_options&)) {
    return run_copy([&] { return copy(chosen); });
}

}  // namespace

subcommand add_backup(CLI::App& app) {
    CLI::App* const parser = app.add_subcommand(
        "backup", "Copy a data directory as it is now; a server may be running on it");
    const auto chosen = std::make_shared<copy_options>();
    add_directory(*parser, "DIR", chosen->from.backup, "The data directory");
    add_directory(*parser, "DEST", chosen->to,
                  "The copy; must not exist, or be an empty directory");
    parser
        ->add_option("--since", chosen->since,
                     "Copy only what came after this backup, or increment of one")
        ->type_name("BACKUP");
    add_flags(*parser, *chosen,
              "Print the result of its audit, or what is new, as one JSON object");
    return {parser, [chosen] { return run(*chosen, back_up); }};
}

subcommand add_restore(CLI::App& app) {
    CLI::App* const parser = app.add_subcommand(
        "restore",
        "Make a data directory from a backup, and its increments in their order; "
        "overwrites no ledger");
    const auto chosen = std::make_shared<copy_options>();
    add_directory(*parser, "BACKUP", chosen->from.backup, "The backup");
    parser
        ->add_option("INCREMENT", chosen->from.increments,
                     "What 'backup --since' has made after it, in that order")
        ->type_name("");
    parser
        ->add_option("DIR", chosen->to,
                     "The data directory; must not exist, or be an empty directory")
        ->type_name("REQUIRED");
    // The parser takes every directory but the first for an increment: the last is DIR.
    parser->callback([chosen] {
        if (chosen->from.increments.empty())
            throw CLI::RequiredError{"DIR"};
        chosen->to = chosen->from.increments.back();
        chosen->from.increments.pop_back();
    });
    add_parsed(*parser, "--until", chosen->from.until, parse_moment,
               "a record number, a date or a time of RFC 3339, as in 2026-11-23T15:00:00Z")
        ->type_name("RECORD|TIME")
        ->description("Restore the state after this record, or as of this time");
    add_flags(*parser, *chosen, "Print the result of its audit as one JSON object");
    return {parser, [chosen] { return run(*chosen, restore); }};
}

}  // namespace coffer::command
