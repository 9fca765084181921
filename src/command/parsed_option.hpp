// Adds a flag whose text is parsed by a function of ours.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace coffer::command {

/// Adds an option whose text is parsed by `parse`, which returns an optional value. If that is
/// empty, parsing fails with the message that the text is not `expected`. `into` must outlive the
/// app.
template <class Value, class Parse>
CLI::Option* add_parsed(CLI::App& app, const std::string& name, Value& into, Parse parse,
                        const std::string& expected) {
    return app.add_option_function<std::string>(
        name, [&into, parse, expected](const std::string& text) {
            const auto parsed = parse(text);
            if (!parsed)
                throw CLI::ValidationError{"'" + text + "' is not " + expected};
            into = *parsed;
        });
}

}  // namespace coffer::command
