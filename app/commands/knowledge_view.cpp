#include "app/commands/command.h"
#include "app/commands/knowledge.h"
#include "app/knowledge_text.h"
#include "app/talk/printer.h"

#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::app {

namespace {

/// The base with how much it holds; where there is none, why, and the exit code.
Task<std::expected<memory::BaseRow, int>> read_base(LibraryServices services, KnowledgeOptions options) {
  auto base = co_await services.library.store().read_base({options.tenant, options.base});
  if (!base) {
    complain(base.error().message);
    co_return std::unexpected(kStore);
  }
  if (*base) co_return std::move(**base);
  if (auto configured = services.knowledge.find(options.base); !configured) {
    complain(configured.error().message);
    co_return std::unexpected(kUsage);
  }
  if (!options.json) fmt::print(stderr, "knowledge base `{}` holds nothing yet\n", options.base);
  co_return memory::BaseRow{.key = {options.tenant, options.base}};
}

}  // namespace

Task<int> show_base(LibraryServices services, KnowledgeOptions options) {
  auto base = co_await read_base(services, options);
  if (!base) co_return base.error();
  // One more than is shown tells whether there are more.
  auto page = co_await services.library.store().list_documents(base->id, options.after, options.limit + 1);
  if (!page) {
    complain(page.error().message);
    co_return kStore;
  }
  const bool more = page->size() > options.limit;
  if (more) page->pop_back();
  if (options.json) {
    fmt::print("{}\n", dump_pretty(page_json(*base, *page, more)));
    co_return kDone;
  }
  fmt::print("{}\n{}", printable(bases_table({*base})), printable(documents_table(*page)));
  if (more)
    fmt::print(stderr, "there are more: troupe knowledge show {} --after '{}'\n", options.base,
               printable(page->back().source));
  co_return kDone;
}

Task<int> check_bases(LibraryServices services, KnowledgeOptions options) {
  std::optional<memory::BaseKey> key;
  if (!options.base.empty()) {
    auto base = co_await read_base(services, options);
    if (!base) co_return base.error();
    key = std::move(base->key);
  }
  auto wrong = co_await services.library.store().check();
  if (!wrong) {
    complain(wrong.error().message);
    co_return kStore;
  }
  if (key) std::erase_if(*wrong, [&](const std::string& problem) { return !concerns(problem, *key); });
  if (options.json)
    fmt::print("{}\n", dump(Json{{"whole", wrong->empty()}, {"problems", *wrong}}));
  else
    fmt::print("{}", printable(check_text(*wrong, key)));
  co_return wrong->empty() ? kDone : kFailed;
}

}  // namespace troupe::app
