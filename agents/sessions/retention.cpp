#include "agents/sessions/retention.h"

#include "agents/limits.h"
#include "runtime/store/store_reader.h"
#include "runtime/telemetry/log.h"

#include <algorithm>
#include <utility>
#include <vector>

namespace troupe::agents {

namespace {

/// Sessions that were made after the one with this id ("": all), the oldest first.
Result<std::vector<store::SessionRow>> page_after(const std::string& path, const std::string& id) {
  // Ids of sessions begin with a letter.
  const store::SessionPage page{
      .limit = limits::kRetentionPage, .before = "", .after = id.empty() ? " " : id};
  auto reader = store::open_store_reader(path);
  if (!reader) return fail(std::move(reader.error()));
  auto sessions = reader->sessions("", page);
  if (sessions) std::ranges::reverse(*sessions);
  return sessions;
}

}  // namespace

void Retention::begin(Milliseconds forget_after) {
  if (forget_after.count() <= 0) return rounds_.begin(nullptr);
  rounds_.begin([this, forget_after](Stop& stop) { return round(forget_after, stop); });
}

Task<> Retention::round(Milliseconds forget_after, Stop& stop) {
  auto forgotten = co_await sweep(forget_after, stop);
  if (!forgotten)
    log::warn("old conversations cannot be looked for", {{"error", forgotten.error().message}});
  else if (*forgotten > 0)
    log::info("old conversations were forgotten", {{"conversations", *forgotten}});
}

Task<Result<std::size_t>> Retention::sweep(Milliseconds forget_after, Stop& stop) {
  const std::int64_t before = loop_.clock().wall_ms() - forget_after.count();
  std::size_t forgotten = 0;
  std::string after;
  while (!stop.requested()) {
    auto page =
        co_await offload(loop_, workers_, [path = store_path_, after] { return page_after(path, after); });
    if (!page) co_return std::unexpected(page.error());
    if (page->empty()) break;
    for (const store::SessionRow& session : *page) {
      if (session.updated_ms >= before) continue;
      if (!co_await loop_.sleep_for(limits::kRetentionPause, stop)) co_return forgotten;
      if (co_await forget(session, before)) ++forgotten;
    }
    // They come by when they were made; who is younger than the limit was not used before it.
    if (page->back().created_ms >= before) break;
    after = page->back().id;
  }
  co_return forgotten;
}

Task<bool> Retention::forget(const store::SessionRow& session, std::int64_t before) {
  // Somebody may have gone on with it since the page was read.
  auto now = co_await desk_.journal().find_session(session.id);
  if (!now || !*now || (*now)->updated_ms >= before) co_return false;
  auto gone = co_await desk_.forget({.name = "", .tenant = session.tenant}, session.id);
  if (gone)
    log::info("a conversation was forgotten for its age", {{"session", session.id},
                                                           {"tenant", session.tenant},
                                                           {"runs", session.runs},
                                                           {"updated", rfc3339(session.updated_ms)}});
  co_return gone.has_value();
}

}  // namespace troupe::agents
