// A command as main sees it.
#pragma once

#include <functional>

namespace CLI {
class App;
}

namespace coffer::command {

struct subcommand {
    CLI::App* parser;          ///< tells whether it was asked for
    std::function<int()> run;  ///< does it, after parsing; returns the exit status
};

}  // namespace coffer::command
