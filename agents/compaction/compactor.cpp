#include "agents/compaction/compactor.h"

#include "agents/compaction/search.h"
#include "agents/limits.h"
#include "runtime/telemetry/log.h"

#include <optional>
#include <utility>

namespace troupe::agents {

namespace {

// A reader for each look, so that none keeps the WAL from being used anew in between.
Result<CompactionSearch::Page> page_after(const std::string& path, std::int64_t after, std::int64_t before) {
  auto reader = store::AuditReader::open(path);
  if (!reader) return fail(std::move(reader.error()));
  return CompactionSearch(*reader).next(after, before);
}

Result<std::optional<CompactionPlan>> plan_for(const std::string& path, std::int64_t run,
                                               std::int64_t wall_ms) {
  auto reader = store::AuditReader::open(path);
  if (!reader) return fail(std::move(reader.error()));
  return CompactionSearch(*reader).plan(run, wall_ms);
}

}  // namespace

void Compactor::begin(Milliseconds compact_after) {
  if (compact_after.count() <= 0) return rounds_.begin(nullptr);
  rounds_.begin([this, compact_after](Stop& stop) { return round(compact_after, stop); });
}

Task<> Compactor::round(Milliseconds compact_after, Stop& stop) {
  auto swept = co_await sweep(compact_after, stop);
  if (!swept)
    log::warn("old runs cannot be compacted", {{"error", swept.error().message}});
  else if (swept->runs > 0)
    log::info("old runs were compacted",
              {{"runs", swept->runs}, {"facts", swept->facts}, {"bytes", swept->bytes}});
}

Task<Result<CompactedRuns>> Compactor::sweep(Milliseconds compact_after, Stop& stop) {
  const std::int64_t before = loop_.clock().wall_ms() - compact_after.count();
  CompactedRuns done;
  std::int64_t after = 0;
  while (!stop.requested()) {
    auto page = co_await offload(
        loop_, workers_, [path = store_path_, after, before] { return page_after(path, after, before); });
    if (!page) co_return fail(std::move(page.error()));
    if (page->last == 0) break;
    for (const std::int64_t run : page->runs) {
      if (stop.requested()) co_return done;
      if (auto compacted = co_await compact(run, stop, done); !compacted)
        co_return fail(std::move(compacted.error()));
    }
    after = page->last;
  }
  co_return done;
}

Task<Result<>> Compactor::compact(std::int64_t run, Stop& stop, CompactedRuns& done) {
  auto plan = co_await offload(loop_, workers_, [path = store_path_, run, now = loop_.clock().wall_ms()] {
    return plan_for(path, run, now);
  });
  if (!plan) co_return fail(std::move(plan.error()));
  if (!*plan || (*plan)->appends.empty()) co_return Result<>();
  for (store::Append& append : (*plan)->appends) {
    if (!co_await loop_.sleep_for(limits::kRetentionPause, stop)) co_return Result<>();
    auto dropped = co_await journal_.commit(std::move(append));
    if (!dropped && dropped.error().code == ErrorCode::store) co_return dropped;
    if (!dropped) co_return Result<>();  // it was forgotten meanwhile
  }
  ++done.runs;
  done.facts += (*plan)->facts;
  done.bytes += (*plan)->bytes;
  co_return Result<>();
}

}  // namespace troupe::agents
