#include "agents/check/history.h"

#include "runtime/store/gap.h"
#include "runtime/store/type_names.h"

#include <algorithm>
#include <memory>
#include <utility>

namespace troupe::agents {

std::vector<store::Fact> History::facts(std::size_t count) const {
  std::vector<store::Fact> found;
  for (std::size_t i = 0; i < count; ++i)
    if (records[i].fact) found.push_back({row.id, records[i].type, records[i].step, records[i].text});
  return found;
}

std::vector<Frame> History::events(std::size_t count) const {
  std::vector<Frame> found;
  for (std::size_t i = 0; i < count; ++i) {
    const Record& record = records[i];
    if (record.fact) continue;
    found.push_back({.text = std::make_shared<const std::string>(record.text),
                     .seq = record.n,
                     .session = row.session,
                     .run = row.id,
                     .type = record.type,
                     .step = record.step});
  }
  return found;
}

bool History::imported() const {
  return row.parent.empty() && std::ranges::none_of(records, [](const Record& record) {
           return record.fact && !record.type.starts_with("memory.");
         });
}

History history_of(store::AuditReader::RunLog log) {
  History history{.row = std::move(log.row), .records = {}};
  history.records.reserve(log.lines.size());
  for (auto& line : log.lines) {
    if (line.fact && line.type == store::kGap) continue;
    Record record{.pos = line.pos,
                  .n = line.n,
                  .step = line.step,
                  .fact = line.fact,
                  .type = store::keep_type(line.type),
                  .text = std::move(line.body),
                  .body = {}};
    if (auto body = parse_json(record.text); body && body->is_object()) record.body = std::move(*body);
    history.records.push_back(std::move(record));
  }
  return history;
}

void RunFindings::add(std::string_view invariant, std::int64_t seq, std::string what,
                      std::string_view means) {
  if (++count_ > kRunFindings) return;
  sink_({.invariant = invariant,
         .session = row_.session,
         .run = row_.id,
         .seq = seq,
         .what = std::move(what),
         .means = means});
}

}  // namespace troupe::agents
