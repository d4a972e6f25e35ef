#include "memory/knowledge/bases/configured_knowledge.h"

#include "memory/knowledge/bases/base_source.h"
#include "memory/knowledge/chunkers/sentences.h"
#include "memory/knowledge/keyword/keyword.h"
#include "runtime/base/suggest.h"

#include <algorithm>
#include <optional>
#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

constexpr std::size_t kReadChunks = 1'000;  // of one read()

TextReading reading() {
  return {.sentences = [](std::string_view text) { return sentences(text); },
          .terms = [](std::string_view text) { return keyword_terms(text); }};
}

/// A call whose deadline stops it, whatever it waits for.
class Bounded {
 public:
  explicit Bounded(const CallContext& outer) : context(ends_with(outer, stop_)), stop_(outer.stop) {
    auto end = [this] { stop_.request(StopReason::deadline); };
    if (outer.deadline.expired(outer.loop.clock().now()))
      end();
    else if (!outer.deadline.none())
      alarm_ = outer.loop.at(outer.deadline.at(), std::move(end));
  }
  Bounded(const Bounded&) = delete;
  Bounded& operator=(const Bounded&) = delete;

  CallContext context;

 private:
  static CallContext ends_with(const CallContext& outer, Stop& stop) {
    return {.loop = outer.loop,
            .stop = stop,
            .deadline = outer.deadline,
            .events = outer.events,
            .principal = outer.principal,
            .session = outer.session,
            .run = outer.run,
            .agent = outer.agent,
            .step = outer.step};
  }

  Stop stop_;
  Loop::Alarm alarm_;
};

}  // namespace

/// What one search works on.
struct ConfiguredKnowledge::Opened {
  std::vector<std::shared_ptr<BaseImage>> images;
  std::vector<std::string> remarks;
  bool any = false;    ///< something was ever put into one of them
  bool stale = false;  ///< there are vectors, but not of this embedding
};

ConfiguredKnowledge::ConfiguredKnowledge(std::map<std::string, ConfiguredBase, std::less<>> bases,
                                         Services services)
    : bases_(std::move(bases)), services_(std::move(services)) {}

std::string ConfiguredKnowledge::about(std::string_view name) const {
  const auto base = bases_.find(name);
  return base == bases_.end() ? "" : base->second.settings.description;
}

std::vector<std::string> ConfiguredKnowledge::names() const {
  return names_of(bases_);
}

Result<const ConfiguredBase*> ConfiguredKnowledge::find(std::string_view name) const {
  if (const auto base = bases_.find(name); base != bases_.end()) return &base->second;
  if (bases_.empty())
    return fail(ErrorCode::not_found,
                fmt::format("there is no knowledge base `{}`: the configuration has no `knowledge:`", name));
  return fail(ErrorCode::not_found,
              fmt::format("there is no knowledge base `{}`{}", name, did_you_mean(name, names())));
}

Task<Result<ConfiguredKnowledge::Opened>> ConfiguredKnowledge::open(const ConfiguredBase& base, bool vectors,
                                                                    CallContext& context) {
  Opened opened;
  std::vector<BaseKey> keys{{"", base.settings.name}};
  const std::string& tenant = context.principal.tenant;
  if (!tenant.empty()) keys.push_back({tenant, base.settings.name});
  for (const BaseKey& key : keys) {
    auto image = services_.table.image(key);
    // Vectors of another embedding are never compared with a query's.
    auto view = co_await image->refresh(vectors ? std::optional(base.embedding) : std::nullopt, context.stop);
    if (!view) co_return fail(std::move(view.error()));
    if (!view->there) continue;
    const bool comparable = view->embedding == base.embedding;
    opened.any = true;
    opened.stale = opened.stale || !comparable;
    if (!vectors || comparable) opened.images.push_back(std::move(image));
  }
  services_.table.trim();
  if (!opened.any)
    opened.remarks.push_back(
        fmt::format("knowledge base `{}` holds nothing yet; `troupe knowledge add {}` takes its sources in",
                    base.settings.name, base.settings.name));
  if (vectors && opened.stale)
    opened.remarks.push_back(
        fmt::format("knowledge base `{0}` was made with another embedding, whose vectors cannot be compared "
                    "with this one's; `troupe knowledge add {0}` makes them anew",
                    base.settings.name));
  co_return opened;
}

Task<Result<Retrieved>> ConfiguredKnowledge::search(std::string name, std::string query,
                                                    SearchOverrides overrides, CallContext& context) {
  auto base = find(name);
  if (!base) co_return fail(std::move(base.error()));
  SearchSettings settings = with((*base)->settings.search, overrides);
  Bounded bounded(context);
  BaseSource source(services_.table.store(), (*base)->embedding);
  Retriever retriever({.source = source,
                       .embedder = (*base)->embedder,
                       .models = *services_.models,
                       .prompts = *services_.prompts,
                       .reading = reading(),
                       .workers = services_.workers,
                       .similarity_weight = (*base)->similarity_weight,
                       .spent = [this, &context](models::ModelUse use) {
                         if (!use.cache_hit)
                           use.cost =
                               models::cost_of(use.usage, models::price_in(services_.prices, use.model));
                         models::tell_use(context, use);
                       }});
  // Before anything is read: that may take seconds.
  if (auto good = retriever.check(query, settings, context); !good) co_return fail(std::move(good.error()));
  auto opened = co_await open(**base, settings.needs_vectors(), bounded.context);
  if (!opened) co_return fail(std::move(opened.error()));
  if (opened->images.empty() && opened->stale) {
    if (settings.mode != SearchMode::hybrid)
      co_return fail(ErrorCode::conflict, opened->remarks.back() + "; mode keyword works without them");
    settings.mode = SearchMode::keyword;
    auto remarks = std::move(opened->remarks);
    opened = co_await open(**base, false, bounded.context);
    if (!opened) co_return fail(std::move(opened.error()));
    opened->remarks = std::move(remarks);
  }
  source.look_into(opened->images);
  auto found = co_await retriever.retrieve(std::move(query), settings, bounded.context);
  if (!found) co_return fail(std::move(found.error()));
  std::ranges::move(opened->remarks, std::back_inserter(found->remarks));
  co_return found;
}

Task<Result<std::vector<StoredChunk>>> ConfiguredKnowledge::read(std::string name, std::int64_t document,
                                                                 std::size_t first, std::size_t count,
                                                                 CallContext& context) {
  auto base = find(name);
  if (!base) co_return fail(std::move(base.error()));
  Bounded bounded(context);
  auto opened = co_await open(**base, false, bounded.context);
  if (!opened) co_return fail(std::move(opened.error()));
  const bool known = std::ranges::any_of(
      opened->images, [document](const auto& image) { return image->has_document(document); });
  if (!known)
    co_return fail(ErrorCode::not_found,
                   fmt::format("knowledge base `{}` has no document {}", name, document));
  const auto from = static_cast<std::int64_t>(first);
  const auto most = static_cast<std::int64_t>(std::min(count, kReadChunks));
  if (most == 0) co_return std::vector<StoredChunk>();
  co_return co_await services_.table.store().chunks_between(document, from, from + most - 1);
}

}  // namespace troupe::memory
