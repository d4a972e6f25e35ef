#include "app/commands/command.h"
#include "app/commands/knowledge.h"
#include "app/interrupt.h"
#include "app/talk/printer.h"
#include "memory/knowledge/source_name.h"

#include <filesystem>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

// A removal that is committed has not failed because the file stays as large as it was.
Task<> give_back(LibraryServices services) {
  Interrupt interrupt(services.loop);
  if (auto shrunk = co_await services.library.store().shrink(interrupt.stop); !shrunk)
    complain(shrunk.error().message);
}

Task<int> delete_all(LibraryServices services, memory::BaseKey key, bool json) {
  auto base = co_await services.library.store().read_base(key);
  auto removed = base ? co_await services.library.store().remove_base(key) : fail(std::move(base.error()));
  if (!removed) {
    complain(removed.error().message);
    co_return kStore;
  }
  const memory::BaseRow held = base->value_or(memory::BaseRow{});
  if (*base) co_await services.library.table().forget(key, held.id);
  co_await give_back(services);
  if (json)
    fmt::print("{}\n", dump(Json{{"knowledge", key.name},
                                 {"tenant", key.tenant},
                                 {"deleted", *removed},
                                 {"documents", held.documents},
                                 {"chunks", held.chunks}}));
  else
    fmt::print("{}\n", *removed ? fmt::format("`{}` is empty", key.name)
                                : fmt::format("`{}` held nothing", key.name));
  co_return kDone;
}

// As it is listed, or as a file is written from here.
Task<Result<std::optional<memory::Change>>> delete_one(LibraryServices services, std::int64_t base,
                                                       std::string written) {
  auto gone = co_await services.library.store().remove_document(base, written);
  if (!gone || *gone) co_return gone;
  co_return co_await services.library.store().remove_document(base, absolute_source(written));
}

void tell(const memory::BaseKey& key, const std::string& source, const std::optional<memory::Change>& gone,
          bool json) {
  const std::size_t chunks = gone ? gone->removed.size() : 0;
  if (json)
    fmt::print("{}\n", dump(Json{{"source", source}, {"deleted", gone.has_value()}, {"chunks", chunks}}));
  if (!gone)
    complain(fmt::format("`{}` has no document `{}`", key.name, source));
  else if (!json)
    fmt::print("deleted {} ({} chunks)\n", printable(source), chunks);
}

}  // namespace

std::string absolute_source(const std::string& source) {
  if (memory::is_url(source)) return source;
  return (std::filesystem::current_path() / source).lexically_normal().string();
}

Task<int> delete_documents(LibraryServices services, KnowledgeOptions options) {
  const memory::BaseKey key{options.tenant, options.base};
  if (options.all) co_return co_await delete_all(services, key, options.json);
  if (options.sources.empty()) {
    complain("name the documents to delete, as `troupe knowledge list` shows them, or --all");
    co_return kUsage;
  }
  auto base = co_await services.library.store().find_base(key);
  if (!base) {
    complain(base.error().message);
    co_return kStore;
  }
  if (!*base) {
    complain(fmt::format("knowledge base `{}` holds nothing", key.name));
    co_return kUsage;
  }
  int code = kDone;
  for (const std::string& source : options.sources) {
    auto gone = co_await delete_one(services, (*base)->id, source);
    if (!gone) {
      complain(gone.error().message);
      co_return kStore;
    }
    tell(key, source, *gone, options.json);
    if (!*gone) code = kFailed;
  }
  co_await give_back(services);
  co_return code;
}

}  // namespace troupe::app
