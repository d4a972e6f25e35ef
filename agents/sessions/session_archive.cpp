#include "agents/sessions/session_archive.h"

#include "agents/sessions/session_export.h"
#include "agents/sessions/session_import.h"
#include "memory/conversation/openai_chat.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::agents {

namespace {

Result<SessionArchive::Page> read_page(const std::string& path, const std::string& tenant,
                                       store::SessionPage wanted) {
  auto reader = store::open_store_reader(path);
  if (!reader) return std::unexpected(reader.error());
  const std::size_t limit = wanted.limit++;  // one more says whether there are more
  const bool newer = !wanted.after.empty();
  auto rows = reader->sessions(tenant, wanted);
  if (!rows) return std::unexpected(rows.error());
  SessionArchive::Page page{std::move(*rows), false};
  page.more = page.sessions.size() > limit;
  if (page.more) page.sessions.erase(newer ? page.sessions.begin() : page.sessions.end() - 1);
  return page;
}

Result<std::string> read_document(const std::string& path, const std::string& tenant, const std::string& id,
                                  SessionArchive::Form form) {
  auto reader = store::open_store_reader(path);
  if (!reader) return std::unexpected(reader.error());
  auto row = reader->session(id);
  // The beginning of an id is not the id: what it stands for may be another's.
  if ((!row && row.error().code != ErrorCode::store) || (row && (row->id != id || row->tenant != tenant)))
    return fail(ErrorCode::not_found, fmt::format("there is no session `{}`", id));
  if (!row) return std::unexpected(row.error());
  auto document = recorded_session(*reader, *row, SessionArchive::kDocumentBytes);
  if (!document) return std::unexpected(document.error());
  if (form == SessionArchive::Form::openai)
    return dump(Json{{"messages", memory::to_openai_chat(*document)}});
  return dump(memory::to_json(*document));
}

}  // namespace

Json to_json(const store::SessionRow& row) {
  return {{"session", row.id},
          {"target", row.target},
          {"tenant", row.tenant},
          {"runs", row.runs},
          {"last_seq", row.last_seq},
          {"created", rfc3339(row.created_ms)},
          {"updated", rfc3339(row.updated_ms)}};
}

Task<Result<SessionArchive::Page>> SessionArchive::list(std::string tenant, store::SessionPage page) {
  co_return co_await offload(loop_, workers_,
                             [path = store_path_, tenant = std::move(tenant), page = std::move(page)] {
                               return read_page(path, tenant, page);
                             });
}

Task<Result<std::string>> SessionArchive::document(std::string tenant, std::string session, Form form) {
  co_return co_await offload(loop_, workers_,
                             [path = store_path_, tenant = std::move(tenant), id = std::move(session), form] {
                               return read_document(path, tenant, id, form);
                             });
}

Task<Result<SessionArchive::Imported>> SessionArchive::take(std::string tenant, std::string text,
                                                            std::string target,
                                                            std::shared_ptr<const Catalog> catalog) {
  auto read =
      co_await offload(loop_, workers_, [text = std::move(text)] { return memory::import_session(text); });
  if (!read) co_return std::unexpected(read.error());
  Imported imported{.session = {}, .turns = read->document.turns.size(), .remark = left_out(*read)};
  auto session = co_await import_session(loop_, journal_,
                                         {.document = std::move(read->document),
                                          .tenant = std::move(tenant),
                                          .target = std::move(target),
                                          .catalog = std::move(catalog)});
  if (!session) co_return std::unexpected(session.error());
  imported.session = std::move(*session);
  co_return imported;
}

}  // namespace troupe::agents
