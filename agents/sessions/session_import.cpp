#include "agents/sessions/session_import.h"

#include "agents/runs/attachments.h"
#include "agents/runs/run_target.h"
#include "agents/runs/turn_record.h"
#include "runtime/base/ids.h"
#include "runtime/base/suggest.h"

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Result<std::string> target_of(const SessionImport& wanted) {
  const Catalog& catalog = *wanted.catalog;
  const std::string& target = !wanted.target.empty()            ? wanted.target
                              : !wanted.document.target.empty() ? wanted.document.target
                                                                : catalog.default_target;
  if (target.empty())
    return fail(ErrorCode::invalid,
                "the file names no target and the configuration has no `default`; name one");
  if (find_target(catalog, target)) return target;
  return fail(ErrorCode::invalid, fmt::format("there is no agent `{}` in the configuration{}; name another",
                                              target, did_you_mean(target, target_names(catalog))));
}

Task<Result<std::string>> extra_of(store::Journal& journal, Json attachments) {
  if (!attachments.is_array() || attachments.empty()) co_return "";
  std::vector<models::Image> images;
  for (const Json& one : attachments) {
    const std::string data = string_or(one, "data");
    const std::string type = string_or(one, "media_type");
    images.push_back({data.empty() || data.starts_with("data:")
                          ? (data.empty() ? string_or(one, "url") : data)
                          : fmt::format("data:{};base64,{}", type, data)});
    if (images.back().url.empty())
      co_return fail(ErrorCode::invalid, "an attachment has neither `url` nor `data`");
  }
  if (auto fit = check_attachments(images); !fit) co_return std::unexpected(fit.error());
  auto kept = co_await keep_attachments(journal, std::move(images));
  if (!kept) co_return std::unexpected(kept.error());
  co_return dump(Json{{"attachments", std::move(*kept)}});
}

Task<Result<>> write_turns(Loop& loop, store::Journal& journal, const SessionImport& wanted,
                           const store::SessionRow& session) {
  SystemRng rng;
  for (std::size_t i = 0; i < wanted.document.turns.size(); ++i) {
    const memory::DocumentTurn& turn = wanted.document.turns[i];
    auto extra = co_await extra_of(journal, turn.attachments);
    if (!extra) co_return within(fmt::format("/turns/{}/attachments", i), extra.error());
    const std::int64_t now = loop.clock().wall_ms();
    const bool own = wanted.target.empty() && wanted.catalog->agents.contains(turn.agent);
    const std::string& agent = own ? turn.agent : session.target;
    const auto known = wanted.catalog->agents.find(agent);
    const Strategy* strategy =
        known == wanted.catalog->agents.end() ? nullptr : known->second->strategy.get();
    store::Append append = imported_run({.id = make_id("r_", now, rng),
                                         .session = session.id,
                                         .tenant = session.tenant,
                                         .target = agent,
                                         .agent = agent,
                                         .created_ms = now,
                                         .finished_ms = now,
                                         .config = wanted.catalog->config,
                                         .extra = std::move(*extra)},
                                        turn, strategy);
    if (auto done = co_await journal.commit(std::move(append)); !done) co_return done;
  }
  co_return Result<>();
}

}  // namespace

Task<Result<store::SessionRow>> import_session(Loop& loop, store::Journal& journal, SessionImport wanted) {
  auto target = target_of(wanted);
  if (!target) co_return std::unexpected(target.error());
  SystemRng rng;
  const std::int64_t now = loop.clock().wall_ms();
  store::Append begin;
  begin.session = store::SessionRow{.id = make_id("s_", now, rng),
                                    .tenant = wanted.tenant,
                                    .target = *target,
                                    .created_ms = now,
                                    .updated_ms = now};
  const store::SessionRow session = *begin.session;
  if (auto done = co_await journal.commit(std::move(begin)); !done) co_return std::unexpected(done.error());
  if (auto written = co_await write_turns(loop, journal, wanted, session); !written) {
    store::Append away;  // half a conversation is none
    away.forget = session.id;
    (void)co_await journal.commit(std::move(away));
    co_return std::unexpected(written.error());
  }
  co_return session;
}

std::string left_out(const memory::ImportedSession& imported) {
  const std::size_t count = imported.instructions.size();
  if (count == 0) return "";
  return fmt::format("{} system message{} not carried over: an agent has its own instructions", count,
                     count == 1 ? " was" : "s were");
}

}  // namespace troupe::agents
