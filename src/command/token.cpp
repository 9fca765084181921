#include <CLI/CLI.hpp>
#include <cstdlib>
#include <memory>
#include <string>

#include "api/token_file.hpp"
#include "command/commands.hpp"
#include "command/output.hpp"
#include "ops/log.hpp"

namespace coffer::command {

subcommand add_token(CLI::App& app) {
    struct options {
        std::string name;
        std::string scopes;
        std::string accounts;
    };
    const auto chosen = std::make_shared<options>();
    CLI::App* const parser = app.add_subcommand(
        "token",
        "Make a token: itself on standard output, its line for the file of --tokens on standard "
        "error");
    const auto check = [](const char* what, auto is_right) {
        return [what, is_right](const std::string& text) {
            return is_right(text) ? std::string{} : "'" + text + "' is not " + what;
        };
    };
    parser->add_option("NAME", chosen->name, "Who has it: stands beside what is posted with it")
        ->type_name("")
        ->required()
        ->check(check("1 to 64 letters, digits, and . _ - @, the first a letter or a digit",
                      [](const std::string& text) { return api::is_token_name(text); }));
    parser->add_option("--scope", chosen->scopes, "What it is for: read, post, open, admin")
        ->type_name("SCOPES")
        ->required()
        ->check(check("some of read, post, open, admin, joined by commas",
                      [](const std::string& text) { return api::parse_scopes(text).has_value(); }));
    parser->add_option("--accounts", chosen->accounts, "The accounts that it is for [all]")
        ->type_name("RANGES")
        ->check(check("numbers and ranges, as in 10001-10009,20001", [](const std::string& text) {
            return api::parse_account_ranges(text).has_value();
        }));
    return {parser, [chosen] {
                const std::string token = api::make_token();
                // The line first: a token that was seen without its line is of no use.
                log::end_with(api::token_line(chosen->name, chosen->scopes,
                                              api::hash_of_token(token), chosen->accounts));
                output out;
                out.write(token + '\n');
                out.finish();
                return EXIT_SUCCESS;
            }};
}

}  // namespace coffer::command
