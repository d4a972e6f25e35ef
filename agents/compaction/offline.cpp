#include "agents/compaction/offline.h"

#include "agents/compaction/search.h"
#include "runtime/store/offline_writer.h"

#include <optional>
#include <utility>

namespace troupe::agents {

Result<CompactedRuns> compact_runs(const store::StoreLock& lock, const std::string& directory,
                                   std::int64_t before_ms, std::int64_t wall_ms,
                                   const CompactionProgress& progress) {
  auto writer = store::OfflineWriter::open(lock, directory);
  if (!writer) return fail(std::move(writer.error()));
  auto reader = store::AuditReader::open(directory);
  if (!reader) return fail(std::move(reader.error()));
  auto totals = reader->totals();
  if (!totals) return fail(std::move(totals.error()));
  CompactionSearch search(*reader);
  CompactedRuns done;
  for (std::int64_t after = 0;;) {
    auto page = search.next(after, before_ms);
    if (!page) return fail(std::move(page.error()));
    if (page->last == 0) return done;
    for (const std::int64_t run : page->runs) {
      auto plan = search.plan(run, wall_ms);
      if (!plan) return fail(std::move(plan.error()));
      if (!*plan || (*plan)->appends.empty()) continue;
      for (store::Append& append : (*plan)->appends)
        if (auto dropped = writer->commit(std::move(append), wall_ms); !dropped)
          return fail(std::move(dropped.error()));
      ++done.runs;
      done.facts += (*plan)->facts;
      done.bytes += (*plan)->bytes;
    }
    after = page->last;
    progress(done.runs, after, totals->runs);
  }
}

}  // namespace troupe::agents
