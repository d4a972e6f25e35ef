#include "agents/sessions/session_export.h"

#include "agents/runs/turn_record.h"
#include "runtime/base/json.h"

#include <algorithm>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

/// Pictures that came as data, in the place of the blob that has it.
Result<> put_data(store::StoreReader& reader, Json& attachments, std::size_t& bytes) {
  for (Json& one : attachments) {
    const std::string blob = string_or(one, "blob");
    if (blob.empty()) continue;
    auto data = reader.blob(blob);
    if (!data) return std::unexpected(data.error());
    bytes += data->size();
    one.erase("blob");
    one["data"] = std::move(*data);
  }
  return {};
}

std::size_t size_of(const memory::DocumentTurn& turn) {
  std::size_t bytes = turn.input.size() + turn.answer.size();
  for (const models::Message& step : turn.steps) {
    bytes += step.content.size();
    for (const models::ToolCall& call : step.tool_calls) bytes += call.arguments.size();
  }
  return bytes;
}

}  // namespace

Result<std::vector<store::RunRow>> ended_runs(store::StoreReader& reader, const std::string& session) {
  auto rows = reader.runs("", session, kSessionRuns);
  if (!rows) return rows;
  std::erase_if(*rows, [](const store::RunRow& row) { return !row.finished(); });
  std::ranges::reverse(*rows);
  return rows;
}

Result<memory::SessionDocument> recorded_session(store::StoreReader& reader, const store::SessionRow& session,
                                                 std::size_t bytes_max) {
  memory::SessionDocument document{.session = session.id, .target = session.target};
  auto rows = ended_runs(reader, session.id);
  if (!rows) return std::unexpected(rows.error());
  std::size_t bytes = 0;
  for (const store::RunRow& row : *rows) {
    auto turn = memory::document_turn(row);
    if (!turn) continue;
    if (turn->attachments.is_array())
      if (auto put = put_data(reader, turn->attachments, bytes); !put) return std::unexpected(put.error());
    auto events = reader.run_events(row.id);
    if (!events) return std::unexpected(events.error());
    auto steps = recorded_steps(*events);
    if (!steps) return std::unexpected(steps.error());
    turn->steps = std::move(*steps);
    bytes += size_of(*turn);
    if (bytes_max > 0 && bytes > bytes_max)
      return fail(ErrorCode::too_large,
                  fmt::format("session {} has more than {} bytes, the most that is given here; `troupe "
                              "sessions export {}` writes it whole",
                              session.id, bytes_max, session.id));
    document.turns.push_back(std::move(*turn));
  }
  return document;
}

}  // namespace troupe::agents
