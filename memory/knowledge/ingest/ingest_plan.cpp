#include "memory/knowledge/ingest/ingest_plan.h"

#include "memory/knowledge/loaders/format.h"
#include "runtime/base/sha256.h"

#include <utility>

#include <fmt/format.h>

namespace troupe::memory {

namespace {

/// Grows with every change of the loaders that makes another document of the same bytes.
constexpr int kReading = 1;
constexpr std::size_t kCuttingDigits = 24;
constexpr char kByLoader = '+';  // behind kReading, before the digits of the loader

std::string_view reading_of(std::string_view preparation) {
  const auto colon = preparation.find(':');
  return colon == std::string_view::npos ? std::string_view() : preparation.substr(0, colon);
}

Origin origin_of(const PlanRules& rules, const std::optional<KnownDocument>& known) {
  return rules.origin == Origin::sources && known ? known->origin : rules.origin;
}

/// Nothing when there is nothing to do.
std::optional<IngestStep::What> needed(const SourceItem& item, const std::optional<KnownDocument>& known,
                                       const PlanRules& rules) {
  using What = IngestStep::What;
  if (!known || rules.force || item.is_url) return What::read;
  if (known->version.stamp.empty() || known->version.stamp != item.stamp) return What::read;
  const std::string expected =
      expected_preparation(rules.preparation, item, known->version.preparation, rules.loaders.get());
  if (known->version.preparation != expected)
    return same_reading(known->version.preparation, expected) ? What::recut : What::read;
  if (known->origin != origin_of(rules, known)) return What::claim;
  return std::nullopt;
}

}  // namespace

std::string preparation_of(const ChunkSettings& chunk, std::optional<models::tokens::EncodingName> encoding,
                           std::string_view embedding) {
  const std::string cutting =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}", chunk.by, chunk.unit, chunk.size, chunk.overlap,
                  encoding ? models::tokens::to_string(*encoding) : "", embedding);
  return fmt::format("{}:{}", kReading, sha256_hex(cutting).substr(0, kCuttingDigits));
}

std::string with_loader(std::string_view preparation, const ExternalLoader* loader) {
  if (!loader) return std::string(preparation);
  const std::string_view reading = reading_of(preparation);
  return fmt::format("{}{}{}{}", reading, kByLoader, Loaders::digits_of(*loader),
                     preparation.substr(reading.size()));
}

std::string expected_preparation(std::string_view preparation, const SourceItem& item, std::string_view known,
                                 const Loaders* loaders) {
  if (!loaders) return std::string(preparation);
  if (!item.loader.empty()) {
    const auto named = loaders->named(item.loader);
    return named ? with_loader(preparation, *named) : std::string();  // it is tried, and fails with words
  }
  if (const ExternalLoader* loader = loaders->by_path(item.source)) return with_loader(preparation, loader);
  const std::string_view before = reading_of(known);
  const auto by = before.find(kByLoader);
  if (by == std::string_view::npos || loaders::format_of_path(item.source) ||
      before.substr(0, by) != reading_of(preparation) || !loaders->know(before.substr(by + 1)))
    return std::string(preparation);
  return fmt::format("{}{}", before, preparation.substr(reading_of(preparation).size()));
}

bool same_reading(std::string_view preparation, std::string_view other) {
  const std::string_view reading = reading_of(preparation);
  return !reading.empty() && reading == reading_of(other);
}

IngestPlan plan_ingest(SourceList list, KnownDocuments known, const PlanRules& rules) {
  IngestPlan plan;
  for (SourceItem& item : list.items) {
    std::optional<KnownDocument> before;
    if (auto node = known.extract(item.source)) before = std::move(node.mapped());
    const auto what = needed(item, before, rules);
    if (!what) {
      plan.unchanged.push_back(std::move(item.source));
      continue;
    }
    const Origin origin = origin_of(rules, before);
    plan.steps.push_back({*what, std::move(item), std::move(before), origin});
  }
  if (rules.origin != Origin::sources) return plan;
  for (auto& [source, document] : known)
    if (document.origin == Origin::sources && !list.is_unseen(source))
      plan.removed.push_back(std::move(document));
  return plan;
}

}  // namespace troupe::memory
