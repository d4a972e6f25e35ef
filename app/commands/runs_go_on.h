#pragma once

namespace CLI {
class App;
}

namespace troupe::app {

/// `troupe runs cancel|resume|fork`, below the command `runs`.
void add_runs_go_on(CLI::App& runs, int& exit_code);

}  // namespace troupe::app
