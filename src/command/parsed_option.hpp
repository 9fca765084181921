// A flag whose text we read ourselves.
#pragma once

#include <CLI/CLI.hpp>
#include <string>

namespace coffer::command {

/// An option whose text is read by `parse`, which returns an optional value. Where that is empty,
/// the user is told that the text is not `expected`. `into` must outlive the command.
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
