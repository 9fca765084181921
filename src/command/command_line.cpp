#include "command/command_line.hpp"

namespace coffer::command {

command_line::command_line()
    : app{"Coffer: a lock-free, in-memory ledger server", "coffer"},
      serve{app.add_subcommand("serve", "Start the server")} {
    app.set_version_flag("--version", "coffer " COFFER_VERSION);
    app.require_subcommand(1);
    add_serve_options(*serve, options);
    others = {add_check(app),      add_audit(app),  add_export(app),  add_backup(app),
              add_restore(app),    add_join(app),   add_cluster(app), add_token(app),
              add_completion(app), add_version(app)};
    help = app.add_subcommand("help", "Print the flags of all commands");
}

}  // namespace coffer::command
