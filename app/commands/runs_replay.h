#pragma once

namespace CLI {
class App;
}

namespace troupe::app {

/// `troupe runs replay`, below the command `runs`.
void add_runs_replay(CLI::App& runs, int& exit_code);

}  // namespace troupe::app
