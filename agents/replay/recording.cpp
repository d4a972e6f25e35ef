#include "agents/replay/recording.h"

#include "agents/forks/copy.h"
#include "agents/forks/lineage.h"
#include "agents/replay/limits.h"
#include "agents/runs/fact_fields.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

bool is_copy(const store::LogLine& event) {
  const auto body = parse_json(event.body);
  return body && flag(*body, kCopied);
}

// A fork is one append: its events, then its facts. Whatever happens to it then begins with an event.
std::size_t given_to(const store::RunRow& root, const std::vector<store::LogLine>& lines) {
  if (lineage_of(root).run.empty() || lines.empty() || is_copy(lines.front())) return 0;
  const auto first = std::ranges::find_if(lines, [&](const store::LogLine& line) {
    const bool queued = line.type == "run.queued" && line.run == root.id;
    return line.is_event() && !queued && !is_copy(line);
  });
  return static_cast<std::size_t>(first - lines.begin());
}

bool sets_aside(const store::LogLine& line) {
  if (line.type != "run.finished") return false;
  const auto body = parse_json(line.body);
  return body && string_or(*body, "reason") == kQuarantined;
}

}  // namespace

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
  std::erase_if(recording.lines, sets_aside);
  for (const store::LogLine& line : recording.lines)
    if (line.type == "run.started" && line.run == row->id) recording.began_seq = line.seq;
  recording.given = given_to(*row, recording.lines);
  return recording;
}

}  // namespace troupe::agents
