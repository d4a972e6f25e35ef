#include "runtime/store/moment.h"
#include "runtime/store/queries.h"
#include "runtime/store/rows.h"
#include "runtime/store/store_reader.h"

#include <algorithm>
#include <limits>
#include <set>
#include <utility>

#include <fmt/format.h>

namespace troupe::store {

namespace {

constexpr char kEventPlaces[] =
    "SELECT l.n, l.pos FROM log l WHERE l.stream = (SELECT n * 2 FROM sessions WHERE id = ?) AND l.n >= ? "
    "AND "
    "l.n <= ? ORDER BY l.n";
constexpr char kFactPlaces[] =
    "SELECT l.n, l.pos FROM log l WHERE l.stream = (SELECT n * 2 + 1 FROM runs WHERE id = ?) "
    "AND l.type <> 'log.dropped' ORDER BY l.n";

constexpr std::size_t kPage = 1'000;

template <class... Args>
Result<std::vector<std::int64_t>> places(Database& database, const char* query, const Args&... args) {
  std::vector<std::int64_t> found;
  auto done = for_each_row(
      database, query,
      [&](const Statement& row) -> Result<> {
        found.push_back(row.integer(1));
        return {};
      },
      args...);
  if (!done) return fail(std::move(done.error()));
  return found;
}

std::unexpected<Error> moved(const Database& database, const std::string& stream) {
  return fail(ErrorCode::store,
              fmt::format("{}: {}: lines are missing; run `troupe store check`", database.file(), stream));
}

std::unexpected<Error> too_long(const std::string& run, std::size_t lines_max) {
  return fail(ErrorCode::too_large,
              fmt::format("run {}: its log has more than {} lines, the most that are read", run, lines_max));
}

}  // namespace

Result<std::vector<RunRow>> StoreReader::run_tree(const RunRow& root) {
  auto rows = queries::runs(database_, root.tenant, root.session, std::numeric_limits<std::int32_t>::max(),
                            RunsOf::all);
  if (!rows) return fail(std::move(rows.error()));
  std::ranges::reverse(*rows);  // a run is made after the one that caused it
  std::vector<RunRow> tree;
  std::set<std::string> ids;
  for (RunRow& row : *rows) {
    if (row.id != root.id && !ids.contains(row.parent)) continue;
    ids.insert(row.id);
    tree.push_back(std::move(row));
  }
  return tree;
}

Result<std::vector<LogLine>> StoreReader::run_log(const std::vector<RunRow>& tree, std::size_t lines_max) {
  std::vector<LogLine> lines;
  if (tree.empty()) return lines;
  const RunRow& root = tree.front();
  std::set<std::string> ids;
  for (const RunRow& row : tree) ids.insert(row.id);
  const std::int64_t last = root.finished() ? root.last_seq : std::numeric_limits<std::int64_t>::max();
  auto event_places = places(database_, kEventPlaces, root.session, root.first_seq, last);
  if (!event_places) return fail(std::move(event_places.error()));
  std::size_t next = 0;
  for (std::int64_t after = root.first_seq - 1; next < event_places->size();) {
    auto page = queries::events(database_, root.session, after, kPage);
    if (!page) return fail(std::move(page.error()));
    if (page->empty()) return moved(database_, "session " + root.session);
    for (const Frame& frame : *page) {
      if (frame.seq > last || next == event_places->size()) break;
      after = frame.seq;
      const std::int64_t at = (*event_places)[next++];
      if (!ids.contains(frame.run)) continue;
      if (lines.size() == lines_max) return too_long(root.id, lines_max);
      lines.push_back({at, frame.seq, frame.run, frame.type, frame.step, *frame.text});
    }
  }
  for (const RunRow& row : tree) {
    const Moment moment(database_);  // facts may be dropped beside
    if (!moment.begun()) return fail(moment.begun().error());
    auto facts = queries::facts(database_, row.id);
    if (!facts) return fail(std::move(facts.error()));
    auto fact_places = places(database_, kFactPlaces, row.id);
    if (!fact_places) return fail(std::move(fact_places.error()));
    if (facts->size() > fact_places->size()) return moved(database_, "run " + row.id);
    if (lines.size() + facts->size() > lines_max) return too_long(root.id, lines_max);
    for (std::size_t i = 0; i < facts->size(); ++i)
      lines.push_back(
          {(*fact_places)[i], 0, row.id, (*facts)[i].kind, (*facts)[i].step, std::move((*facts)[i].body)});
  }
  std::ranges::sort(lines, {}, &LogLine::at);
  return lines;
}

Result<std::string> StoreReader::instance() {
  auto text = database_.text("SELECT value FROM meta WHERE key = 'instance'");
  if (!text) return fail(std::move(text.error()));
  return text->value_or("");
}

}  // namespace troupe::store
