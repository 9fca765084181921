// Parses the flags, runs the load, and writes the results.
#include <CLI/CLI.hpp>
#include <algorithm>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <exception>
#include <fstream>
#include <stdexcept>
#include <string>

#include "load/hdr_text.hpp"
#include "load/http/run.hpp"
#include "load/options.hpp"
#include "load/results.hpp"

namespace {

using namespace coffer::load;

constexpr int usage_status = 2;
constexpr int audit_status = 3;

constexpr const char* about =
    "Loads a Coffer server and checks afterwards that the balances changed by what it "
    "acknowledged.\n"
    "Nobody else may post to the accounts meanwhile: their postings would show as a difference.\n"
    "On SIGINT or SIGTERM it stops, audits, and writes what it has; a second one ends it at once.\n"
    "Exit status: 0 if the audit was exact, 3 if not, 2 for wrong flags, 1 if it could not be "
    "done.";

/// One line, whatever the reason quotes.
int fail(int status, std::string why) {
    std::replace(why.begin(), why.end(), '\n', ' ');
    std::fprintf(stderr, "coffer-load: %s\n", why.c_str());
    return status;
}

/// A file to write to, opened before the run: an hour of load is not to end in a wrong name.
class output {
public:
    explicit output(const std::string& name) : name_{name} {
        if (name.empty())
            return;
        file_.open(name);
        check();
    }
    std::ostream& stream() { return file_; }
    void write(const std::string& text) {
        if (name_.empty())
            return;
        file_ << text << std::flush;
        check();
    }

private:
    void check() const {
        if (!file_)
            throw std::runtime_error{"cannot write " + name_};
    }

    std::string name_;
    std::ofstream file_;
};

int write_accounts_file(const options& chosen) {
    output file{chosen.accounts_file};
    write_accounts(file.stream(), chosen.accounts, chosen.opening);
    file.write("");
    return EXIT_SUCCESS;
}

int load(const options& chosen) {
    output json{chosen.json_file};
    output hdr{chosen.hdr_file};
    output html{chosen.html_file};
    const results found = run(chosen);
    json.write(report_json(found));
    hdr.write(hdr_text(found.counted.latency));
    html.write(report_page(found));
    std::fputs(report_text(found).c_str(), stdout);
    if (!found.audit.exact())
        return fail(audit_status, "the audit is not exact: " + audit_verdict(found.audit));
    if (found.counted.completed == 0)
        return fail(EXIT_FAILURE, "not one request succeeded while it was measured");
    return EXIT_SUCCESS;
}

int begin(int argc, char** argv) {
    CLI::App app{about, "coffer-load"};
    options chosen;
    add_options(app, chosen);
    try {
        app.parse(argc, argv);
    } catch (const CLI::Success& asked) {  // --help
        return app.exit(asked);
    } catch (const CLI::ParseError& wrong) {
        return fail(usage_status, std::string{wrong.what()} + " (see 'coffer-load --help')");
    }
    return chosen.accounts_file.empty() ? load(chosen) : write_accounts_file(chosen);
}

}  // namespace

int main(int argc, char** argv) {
    std::signal(SIGPIPE, SIG_IGN);
    try {
        return begin(argc, argv);
    } catch (const std::exception& failure) {
        return fail(EXIT_FAILURE, failure.what());
    }
}
