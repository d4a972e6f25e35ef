#include "agents/replay/recording.h"

#include "agents/replay/limits.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

const store::RunRow* Recording::find(const std::string& run) const {
  const auto found = std::ranges::find(runs, run, &store::RunRow::id);
  return found == runs.end() ? nullptr : &*found;
}

Result<Recording> read_recording(store::StoreReader& reader, const std::string& run) {
  auto row = reader.run(run);
  if (!row) return fail(std::move(row.error()));
  if (!row->parent.empty())
    return fail(ErrorCode::invalid,
                fmt::format("run {} is of {}, a member of a team, and is replayed with it: "
                            "`troupe runs replay {}`",
                            row->id, row->agent, row->parent));
  Recording recording;
  auto session = reader.session(row->session);
  if (!session) return fail(std::move(session.error()));
  recording.session = std::move(*session);
  auto instance = reader.instance();
  if (!instance) return fail(std::move(instance.error()));
  recording.instance = std::move(*instance);
  auto tree = reader.run_tree(*row);
  if (!tree) return fail(std::move(tree.error()));
  recording.runs = std::move(*tree);
  auto lines = reader.run_log(recording.runs, limits::kReplayLines);
  if (!lines) return fail(std::move(lines.error()));
  recording.lines = std::move(*lines);
  for (const store::LogLine& line : recording.lines)
    if (line.type == "run.started" && line.run == row->id) recording.began_seq = line.seq;
  return recording;
}

}  // namespace troupe::agents
